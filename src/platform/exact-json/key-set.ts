/** How many keys are compared one by one before a Set is faster. */
const FEW = 12;

/** The keys of one open object. One is kept per depth and used again, so small objects cost no allocation. */
export type KeySet = {
  readonly clear: () => void;
  /** Adds a key; false when it is there already. */
  readonly add: (key: string) => boolean;
};

/** Makes an empty set of keys. */
export function makeKeySet(): KeySet {
  let few: string[] = [];
  let many: Set<string> | undefined;
  return {
    clear() {
      if (few.length > 0) few = [];
      many = undefined;
    },
    add(key) {
      if (many !== undefined) {
        const { size } = many;
        return many.add(key).size > size;
      }
      if (few.includes(key)) return false;
      few.push(key);
      if (few.length > FEW) many = new Set(few);
      return true;
    },
  };
}
