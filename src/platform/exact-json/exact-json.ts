/** JSON whose numbers stay what they are: a u64 beyond 2^53, `1.0` and `-0` are read and written as they stand. */

/** Stands for a number whose text a number would change; `JSON.stringify` writes the text. Source: ECMA-262, rawJSON. */
type RawNumber = { readonly rawJSON: string };

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

// The types of the standard library do not know these two yet; Node.js 24 does.
const rawJson = (JSON as unknown as { readonly rawJSON: (text: string) => RawNumber }).rawJSON;
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * Parses JSON exactly: a number that would not be written again as it stands is kept as its text, and written as that.
 *
 * Errors: SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawJson(source) : value,
  );
}

/** A number as the text it is written with. Errors: SyntaxError for what is no JSON. */
export function makeRawNumber(text: string): unknown {
  return rawJson(text);
}

/** The integer an exactly parsed value stands for: a number, a bigint where that would not be exact, or undefined. */
export function readInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  const text = typeof value === 'object' && value !== null && 'rawJSON' in value ? value.rawJSON : undefined;
  return typeof text === 'string' && /^-?[0-9]{1,40}$/.test(text) ? BigInt(text) : undefined;
}

/** Writes JSON; a bigint becomes the number it is. `indent` counts spaces. Errors: TypeError for what JSON has not. */
export function formatExactJson(value: unknown, indent?: number): string {
  const write = (_key: string, item: unknown): unknown => (typeof item === 'bigint' ? rawJson(String(item)) : item);
  return JSON.stringify(value, write, indent);
}
