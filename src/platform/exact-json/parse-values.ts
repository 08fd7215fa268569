import { isAscii } from 'node:buffer';
import { makeRawNumber } from './exact-json.ts';
import { findDoubtfulNumbers, type NumberRange } from './find-doubtful-numbers.ts';

/**
 * JSON text as JavaScript values without a silent change of any value.
 *
 * Shapes: `bytes` is valid JSON. A number becomes a number where that is exactly its value, a whole number beyond that a
 *         bigint, any other a JSON.rawJSON with its text. All three are written back with the same value. Keys that are
 *         array indices come first in a JavaScript object, whatever their place in the text. `doubtful` are the numbers
 *         that `JSON.parse` may change, in their order; without it they are looked for, which takes twice as long as
 *         parsing.
 * Errors: SyntaxError for text that is not JSON.
 * Source: contract, policy checkpoints (never silently changed).
 */
export function parseValues(bytes: Buffer, doubtful: readonly NumberRange[] = findDoubtfulNumbers(bytes)): unknown {
  const odd: { readonly start: number; readonly end: number; readonly value: unknown }[] = [];
  for (const [start, end] of doubtful) {
    const value = parseNumber(bytes.toString('latin1', start, end));
    if (typeof value !== 'number') odd.push({ start, end, value });
  }
  // A reviver for every number would take most of a hundred times as long.
  if (odd.length === 0) return JSON.parse(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  // In latin1 a character is a byte.
  const text = bytes.toString('latin1');
  const mark = findMark(text);
  const parts: string[] = [];
  let from = 0;
  for (const [index, { start, end }] of odd.entries()) {
    parts.push(text.slice(from, start), `"${mark}${index}"`);
    from = end;
  }
  parts.push(text.slice(from));
  const values = odd.map(({ value }) => value);
  return putBack(JSON.parse(Buffer.from(parts.join(''), 'latin1').toString()), { mark, values });
}

/** A beginning that no string of the text has. */
function findMark(text: string): string {
  for (let count = 0; ; count++) {
    const mark = `~${count}~`;
    if (!text.includes(mark)) return mark;
  }
}

type Marked = { readonly mark: string; readonly values: readonly unknown[] };

/** The value with each marked string replaced by what it stands for. */
function putBack(value: unknown, marked: Marked): unknown {
  if (typeof value === 'string') {
    return value.startsWith(marked.mark) ? marked.values[Number(value.slice(marked.mark.length))] : value;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) if (typeof item !== 'number') value[index] = putBack(item, marked);
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      // A key `__proto__` of its own is assigned to as any other.
      if (typeof value[key] !== 'number') value[key] = putBack(value[key], marked);
    }
  }
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The value of a number's text, whatever JavaScript has for it. */
function parseNumber(source: string): unknown {
  const value = Number(source);
  const isWhole = !/[.eE]/.test(source);
  if (isWhole && source !== '-0') return Number.isSafeInteger(value) ? value : BigInt(source);
  if (Number.isFinite(value) && isSameDecimal(source, String(value))) return value;
  return makeRawNumber(source);
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
