/** Numbers of a JSON text that `JSON.parse` may change, found without parsing it. */
import { isSpelledShortest } from './is-spelled-shortest.ts';

/** Where a number stands, in bytes, the end exclusive. */
export type NumberRange = readonly [start: number, end: number];

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
/** As many significant digits as every double keeps. */
const KEPT_DIGITS = 15;
/** As many digits as the shortest spelling of a double has at most. */
const MOST_DIGITS = 17;
/** Digits gathered in the first of two parts, each of which a double holds exactly. */
const FIRST_DIGITS = 9;
/** Powers of ten at which a number is surely neither too small nor too large for all the digits of a double. */
const SAFE_POWER = 250;

/**
 * Finds the numbers of which it is not certain that `JSON.parse` gives exactly their value.
 *
 * Shapes: `bytes` is valid JSON. What is found may still be exact; what is not found is: a whole number that is safe, or
 *         digits that are the shortest spelling of the double they are read as.
 * Errors: none.
 */
export function findDoubtfulNumbers(bytes: Uint8Array): readonly NumberRange[] {
  const found: NumberRange[] = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = skipString(bytes, at + 1);
    else if (byte === MINUS || (byte - ZERO) >>> 0 <= 9) {
      const end = readNumber(bytes, byte === MINUS ? at + 1 : at);
      if (!isCertain()) found.push([at, end]);
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

/** The number that was read last: significant digits in two parts, how many there were, and the power of ten. */
const seen = { first: 0, rest: 0, digitCount: 0, power: 0, isWhole: true };

/** Reads the number behind its sign into `seen`; answers where it ends. */
function readNumber(bytes: Uint8Array, from: number): number {
  seen.first = 0;
  seen.rest = 0;
  seen.digitCount = 0;
  seen.power = 0;
  seen.isWhole = true;
  let at = readDigits(bytes, from);
  if (bytes[at] === POINT) {
    seen.isWhole = false;
    const end = readDigits(bytes, at + 1);
    seen.power = at + 1 - end;
    at = end;
  }
  return ((bytes[at] ?? 0) | 0x20) === 0x65 ? readExponent(bytes, at + 1) : at;
}

/** Adds digits to those seen; leading zeros do not count. Answers where they end. */
function readDigits(bytes: Uint8Array, from: number): number {
  let { first, rest, digitCount } = seen;
  let at = from;
  for (let digit = (bytes[at] ?? 0) - ZERO; digit >>> 0 <= 9; digit = (bytes[++at] ?? 0) - ZERO) {
    if (digitCount < FIRST_DIGITS) first = first * 10 + digit;
    else if (digitCount < MOST_DIGITS) rest = rest * 10 + digit;
    if (first > 0) digitCount++;
  }
  seen.first = first;
  seen.rest = rest;
  seen.digitCount = digitCount;
  return at;
}

function readExponent(bytes: Uint8Array, from: number): number {
  const sign = bytes[from];
  let at = sign === PLUS || sign === MINUS ? from + 1 : from;
  let exponent = 0;
  for (let digit = (bytes[at] ?? 0) - ZERO; digit >>> 0 <= 9; digit = (bytes[++at] ?? 0) - ZERO) {
    exponent = Math.min(exponent * 10 + digit, 1e6);
  }
  seen.power += sign === MINUS ? -exponent : exponent;
  seen.isWhole = false;
  return at;
}

function isCertain(): boolean {
  const { first, rest, digitCount, power, isWhole } = seen;
  if (digitCount <= KEPT_DIGITS) return digitCount === 0 || Math.abs(power) <= SAFE_POWER;
  if (isWhole || digitCount > MOST_DIGITS) return false;
  return isSpelledShortest({ first, rest, restDigits: digitCount - FIRST_DIGITS, power });
}
