/**
 * JSON text as JavaScript values without a silent change of any value.
 *
 * Shapes: a number becomes a number where that is exactly its value, a whole number beyond that a bigint, any other a
 *         JSON.rawJSON with its text. All three are written back with the same value. Keys that are array indices
 *         come first in a JavaScript object, whatever their place in the text.
 * Errors: SyntaxError for text that is not JSON.
 * Source: contract, policy checkpoints (never silently changed).
 */
export function parseValues(text: string): unknown {
  return JSON.parse(text, reviveNumber);
}

type Context = { readonly source?: string };

function reviveNumber(_key: string, value: unknown, context?: Context): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const { source } = context;
  const isWhole = !/[.eE]/.test(source);
  if (isWhole && source !== '-0') return Number.isSafeInteger(value) ? value : BigInt(source);
  if (Number.isFinite(value) && isSameDecimal(source, String(value))) return value;
  return makeRaw(source);
}

function makeRaw(source: string): unknown {
  if ('rawJSON' in JSON && typeof JSON.rawJSON === 'function') return JSON.rawJSON(source);
  throw new TypeError('JSON.rawJSON is missing from this Node.js');
}

/** Whether two texts are the same decimal number, however they are spelled. */
function isSameDecimal(one: string, other: string): boolean {
  const a = splitDecimal(one);
  const b = splitDecimal(other);
  return a.digits === b.digits && (a.digits === '' || a.exponent === b.exponent);
}

/** The significant digits and the power of ten of the last one. The sign is left out: doubles keep it. */
function splitDecimal(text: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '', power = '0'] = text.replace(/^-/, '').split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return { digits, exponent: Number(power) - fraction.length + all.length - digits.length };
}
