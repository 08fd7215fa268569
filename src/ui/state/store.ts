/** A small synchronous store: state lives outside React, so that a key is acted on by what is true now. */

/** One immutable state, replaced as a whole. Fits `useSyncExternalStore`. Source: terminal trap 1. */
export type Store<T> = {
  readonly snapshot: () => T;
  readonly subscribe: (onChange: () => void) => () => void;
  /** Replaces the state; subscribers are called only when it is another one. */
  readonly update: (change: (state: T) => T) => void;
};

/** Makes a store that starts with `initial`. */
export function makeStore<T>(initial: T): Store<T> {
  let state = initial;
  const subscribers = new Set<() => void>();
  return {
    snapshot: () => state,
    subscribe: (onChange) => {
      subscribers.add(onChange);
      return () => {
        subscribers.delete(onChange);
      };
    },
    update: (change) => {
      const next = change(state);
      if (Object.is(next, state)) return;
      state = next;
      for (const onChange of [...subscribers]) onChange();
    },
  };
}
