/**
 * Runs of plain content skipped in one go inside a chunk. What is not plain, not whole in the chunk or not certain is
 * left to the steps, which know every rule: these loops only ever skip what the steps would accept.
 */

import { PLAIN } from './byte-tables.ts';
import { type ByteText, isSurelyKept, lastNumber, readNumber } from './read-number.ts';
import type { Scan } from './scan.ts';

/** The longest number skipped here, in bytes: a longer one might be beyond a double. */
const NUMBER_LIMIT_BYTES = 200;

const COMMA = 0x2c;
const FOUR_SPACES = 0x20202020;

/** The position of the next byte that is no white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
  }
  return at;
}

/** Behind a line feed and as many spaces as can be told four at a time. */
function skipIndent({ bytes, view }: ByteText, from: number): number {
  const fourEnd = bytes.length - 4;
  let at = bytes[from] === 0x0a ? from + 1 : from;
  while (at <= fourEnd && view.getUint32(at, true) === FOUR_SPACES) at += 4;
  return at;
}

/** The position of the next byte that is no digit. */
export function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  const end = bytes.length;
  while (at < end && ((bytes[at] ?? 0) - 0x30) >>> 0 <= 9) at++;
  return at;
}

/** Where the run of numbers, each with a comma behind it, ends; `count` tells how many there were. */
export const numberRun = { count: 0 };

/** Skips numbers of an array that have a comma behind them; answers where the next item begins. */
export function skipNumberItems(scan: Scan, from: number): number {
  const { text, bytes } = scan;
  let at = from;
  let count = 0;
  for (;;) {
    const numberEnd = readNumber(text, at);
    // An exponent of more than two digits may be too large.
    if (numberEnd < 0 || numberEnd - at > NUMBER_LIMIT_BYTES || lastNumber.exponent > 99) break;
    const commaAt = bytes[numberEnd] === COMMA ? numberEnd : skipSpace(bytes, numberEnd);
    if (bytes[commaAt] !== COMMA) break;
    if (!isSurelyKept()) scan.doubt(scan.base + at, scan.base + numberEnd);
    at = skipSpace(bytes, skipIndent(text, commaAt + 1));
    count++;
  }
  numberRun.count = count;
  return at;
}

/** Skips plain characters and whole ones of several bytes; stops at anything else, and at what may not be UTF-8. */
export function skipCharacters(bytes: Uint8Array, from: number): number {
  const end = bytes.length;
  let at = from;
  for (;;) {
    while (at < end && PLAIN[bytes[at] ?? 0] === 1) at++;
    const lengthBytes = characterLength(bytes, at);
    if (lengthBytes === 0) return at;
    at += lengthBytes;
  }
}

/** The bytes of a character of several, or 0. E0, ED and F4 narrow the byte behind them: the steps look at those. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0xc2) return 0;
  if (lead <= 0xdf) return areContinuations(bytes, at + 1, 1) ? 2 : 0;
  if (lead <= 0xef) return lead !== 0xe0 && lead !== 0xed && areContinuations(bytes, at + 1, 2) ? 3 : 0;
  const isPlainFour = lead < 0xf4 && (lead !== 0xf0 || (bytes[at + 1] ?? 0) >= 0x90);
  return isPlainFour && areContinuations(bytes, at + 1, 3) ? 4 : 0;
}

function areContinuations(bytes: Uint8Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return false;
  }
  return true;
}
