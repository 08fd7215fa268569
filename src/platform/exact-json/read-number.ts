/** One number of a JSON text: where it ends, and whether `JSON.parse` surely gives exactly its value. */
import { isSpelledShortest } from './is-spelled-shortest.ts';

/** Bytes, and the same bytes for reading several at once. */
export type ByteText = { readonly bytes: Uint8Array; readonly view: DataView };

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const E = 0x65;
/** As many digits as the shortest spelling of a double has at most. */
const MOST_DIGITS = 17;
/** Digits of the first of two parts, at least when there is a second one; at most it has three more. */
const FIRST_DIGITS = 9;
const FOUR_DIGITS = 10_000;
/**
 * Below this, doubles lie no further apart than decimals of the same last digit, whatever the power of ten: a decimal is
 * alone with its double, so it is that double's shortest spelling, but for zeros at its end.
 */
const DENSE = 2 ** 52;
/** Powers of ten at which a number is surely neither too small nor too large for all the digits of a double. */
const SAFE_POWER = 250;
/** Beyond this an exponent is cut. */
const LARGEST_EXPONENT = 1_000_000;
/** Powers of ten by which the first part may be multiplied. */
const TENS = Float64Array.from({ length: MOST_DIGITS - FIRST_DIGITS + 1 }, (_item, power) => 10 ** power);

/**
 * The number that was read last: its significant digits in two parts, each of which a double holds exactly, how many
 * there were in all and in the second part, its exponent, and the power of ten of its last digit.
 */
export const lastNumber = {
  first: 0,
  rest: 0,
  restDigits: 0,
  digitCount: 0,
  exponent: 0,
  power: 0,
  isWhole: true,
};

/** Makes bytes readable several at once. Errors: none. */
export function makeByteText(bytes: Uint8Array): ByteText {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/**
 * Reads a number into `lastNumber`; answers the position behind it, or -1 where there is none.
 *
 * Shapes: what ends at the end of the bytes may go on behind it.
 * Errors: none. Source: RFC 8259, section 6.
 */
export function readNumber(text: ByteText, from: number): number {
  const { bytes } = text;
  const number = lastNumber;
  number.first = 0;
  number.rest = 0;
  number.restDigits = 0;
  number.digitCount = 0;
  number.exponent = 0;
  number.power = 0;
  number.isWhole = true;
  const wholeAt = bytes[from] === MINUS ? from + 1 : from;
  let at = bytes[wholeAt] === ZERO ? wholeAt + 1 : readDigits(text, wholeAt);
  if (at === wholeAt) return -1;
  if (bytes[at] === POINT) at = readFraction(text, at + 1);
  return at >= 0 && ((bytes[at] ?? 0) | 0x20) === E ? readExponent(bytes, at + 1) : at;
}

/** Whether the number that was read last comes out of `JSON.parse` as exactly what it is; no when it is not certain. */
export function isSurelyKept(): boolean {
  const { first, rest, restDigits, digitCount, power, isWhole } = lastNumber;
  if (digitCount > MOST_DIGITS) return false;
  // Exact: at most twelve digits, with at most the rest of seventeen as zeros.
  const large = first * (TENS[restDigits] ?? 0);
  const digits = large + rest;
  if (isWhole) return digits <= Number.MAX_SAFE_INTEGER;
  if (digits < DENSE) return digits === 0 || (power <= SAFE_POWER && power >= -SAFE_POWER);
  return isSpelledShortest(large, rest, power);
}

function readFraction(text: ByteText, from: number): number {
  const { bytes } = text;
  let at = from;
  // Zeros in front of the first significant digit are none.
  if (lastNumber.first === 0) while (bytes[at] === ZERO) at++;
  at = readDigits(text, at);
  lastNumber.power = from - at;
  lastNumber.isWhole = false;
  return at === from ? -1 : at;
}

/** Adds significant digits to the number; answers where they end. */
function readDigits({ bytes, view }: ByteText, from: number): number {
  let { first, rest, restDigits, digitCount } = lastNumber;
  const fourEnd = bytes.length - 4;
  let at = from;
  for (; at <= fourEnd; at += 4) {
    const four = parseFour(view.getUint32(at, true));
    if (four < 0) break;
    if (digitCount < FIRST_DIGITS) first = first * FOUR_DIGITS + four;
    else {
      rest = rest * FOUR_DIGITS + four;
      restDigits += 4;
    }
    digitCount += 4;
  }
  for (let digit = (bytes[at] ?? 0) - ZERO; digit >>> 0 <= 9; digit = (bytes[++at] ?? 0) - ZERO) {
    if (digitCount < FIRST_DIGITS) first = first * 10 + digit;
    else {
      rest = rest * 10 + digit;
      restDigits++;
    }
    digitCount++;
  }
  lastNumber.first = first;
  lastNumber.rest = rest;
  lastNumber.restDigits = restDigits;
  lastNumber.digitCount = digitCount;
  return at;
}

/** Four bytes, the first one lowest, as the number of their four digits, or -1 when one is no digit. */
function parseFour(word: number): number {
  const digits = (word - 0x30303030) | 0;
  // A byte above nine carries into its highest bit, as does one that was below zero.
  if ((((word + 0x46464646) | digits) & 0x80808080) !== 0) return -1;
  const pairs = (Math.imul(digits, 10 * 256 + 1) >>> 8) & 0x00ff00ff;
  return Math.imul(pairs, 100 * 65_536 + 1) >>> 16;
}

function readExponent(bytes: Uint8Array, from: number): number {
  const sign = bytes[from];
  const digitsAt = sign === PLUS || sign === MINUS ? from + 1 : from;
  let at = digitsAt;
  let exponent = 0;
  for (let digit = (bytes[at] ?? 0) - ZERO; digit >>> 0 <= 9; digit = (bytes[++at] ?? 0) - ZERO) {
    exponent = Math.min(exponent * 10 + digit, LARGEST_EXPONENT);
  }
  if (at === digitsAt) return -1;
  lastNumber.exponent = sign === MINUS ? -exponent : exponent;
  lastNumber.power += lastNumber.exponent;
  lastNumber.isWhole = false;
  return at;
}
