/**
 * Runs of plain content skipped in one go inside a chunk. What is not plain, not whole in the chunk or not certain is
 * left to the steps, which know every rule: these loops only ever skip what the steps would accept.
 */

import { PLAIN } from './byte-tables.ts';

/** The longest number skipped here, in bytes: a longer one might be beyond a double. */
const NUMBER_LIMIT_BYTES = 200;

const COMMA = 0x2c;

/** The position of the next byte that is no white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
  }
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
export function skipNumberItems(bytes: Uint8Array, from: number): number {
  let at = from;
  let count = 0;
  for (;;) {
    const numberEnd = skipNumber(bytes, at);
    if (numberEnd < 0 || numberEnd - at > NUMBER_LIMIT_BYTES) break;
    const commaAt = bytes[numberEnd] === COMMA ? numberEnd : skipSpace(bytes, numberEnd);
    if (bytes[commaAt] !== COMMA) break;
    at = skipSpace(bytes, commaAt + 1);
    count++;
  }
  numberRun.count = count;
  return at;
}

/** Behind one number, or -1 where there is none, or one with more than two digits of exponent. */
function skipNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === 0x2d ? from + 1 : from;
  const first = bytes[at] ?? 0;
  if (first === 0x30) at++;
  else if (first > 0x30 && first <= 0x39) at = skipDigits(bytes, at + 1);
  else return -1;
  if (bytes[at] === 0x2e) {
    const fractionAt = at + 1;
    at = skipDigits(bytes, fractionAt);
    if (at === fractionAt) return -1;
  }
  return ((bytes[at] ?? 0) | 0x20) === 0x65 ? skipExponent(bytes, at + 1) : at;
}

function skipExponent(bytes: Uint8Array, from: number): number {
  const sign = bytes[from];
  const digitsAt = sign === 0x2b || sign === 0x2d ? from + 1 : from;
  const at = skipDigits(bytes, digitsAt);
  return at === digitsAt || at - digitsAt > 2 ? -1 : at;
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
