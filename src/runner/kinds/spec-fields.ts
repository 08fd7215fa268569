/** Reading a recorded specification by hand: what is not as it should be is undefined. */

/** Members of a specification, whatever they are. */
export type SpecFields = Readonly<Record<string, unknown>>;

/** JSON text as members; undefined when it is no object. Errors: none. */
export function parseFields(text: string): SpecFields | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The members of an object. Errors: none. */
export function asFields(value: unknown): SpecFields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** A text. Errors: none. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Members that are texts, by name. Errors: none. */
export function asTexts(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(asFields(value) ?? {}).flatMap(([name, text]) =>
    typeof text === 'string' ? [[name, text] as const] : [],
  );
  return Object.fromEntries(texts);
}
