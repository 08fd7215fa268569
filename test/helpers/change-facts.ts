/** Evidence with one fact changed, for tests of what a digest rests on. */

/** The path of every fact that can be changed, as the keys that lead to it. */
export function listPaths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, field]) => listPaths(field, [...path, key]));
}

/** The same evidence with one fact changed. */
export function changeFact(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (typeof value === 'number') return value + 1;
    return typeof value === 'boolean' ? !value : `${String(value)}'`;
  }
  const copy: Record<string, unknown> = Array.isArray(value) ? (value.slice() as never) : { ...(value as object) };
  copy[key] = changeFact(copy[key], rest);
  return copy;
}
