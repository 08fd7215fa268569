/** Numbers of a JSON text that `JSON.parse` may change, found without parsing it. */
import { isSurelyKept, makeByteText, readNumber } from './read-number.ts';

/** Where a number stands, in bytes, the end exclusive. */
export type NumberRange = readonly [start: number, end: number];

const QUOTE = 0x22;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const ZERO = 0x30;

/**
 * Finds the numbers of which it is not certain that `JSON.parse` gives exactly their value.
 *
 * Shapes: `bytes` is valid JSON. What is found may still be exact; what is not found is: a whole number that is safe, or
 *         digits that are the shortest spelling of the double they are read as.
 * Errors: none.
 */
export function findDoubtfulNumbers(bytes: Uint8Array): readonly NumberRange[] {
  const text = makeByteText(bytes);
  const found: NumberRange[] = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = skipString(bytes, at + 1);
    else if (byte === MINUS || (byte - ZERO) >>> 0 <= 9) {
      const end = readNumber(text, at);
      if (!isSurelyKept()) found.push([at, end]);
      at = end;
    } else at++;
  }
  return found;
}

/** Behind the closing quote. */
function skipString(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return at;
}
