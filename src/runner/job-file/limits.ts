/**
 * What a job file may have at most. `bytes` of the whole file, `aliases` in it and expansions of them, `nesting` levels
 * of lists and maps, `nameLength` characters. It is written by hand: anything larger is another file, or hostile.
 */
export const LIMITS = {
  bytes: 1024 * 1024,
  aliases: 100,
  nesting: 100,
  nameLength: 200,
  concurrency: 10_000,
  attempts: 1000,
} as const;
