/**
 * Whether a decimal is how JavaScript spells the double it is read as, without making that spelling, which takes longer
 * than reading the number.
 *
 * The decimal is multiplied out as the sum of two doubles (about 105 bits), which gives the double nearest to it and what
 * is left over. It is the shortest spelling when no decimal with a digit less lies within half a unit in the last place of
 * that double, and no other with as many digits is nearer. Where the margin is too small to be certain the answer is no.
 * Source: ECMAScript, Number::toString (as few digits as possible, of those the nearest); Dekker 1971 (exact products).
 */

/** A decimal: (first * 10^restDigits + rest) * 10^power; `first` has nine digits, and `restDigits` are 7 or 8. */
type Decimal = {
  readonly first: number;
  readonly rest: number;
  readonly restDigits: number;
  readonly power: number;
};

/** Powers of ten with an entry in the table; further ones are rare in a state. */
const [LEAST_POWER, LARGEST_POWER] = [-140, 60];
/** Splits a double into two halves whose products are exact. */
const SPLITTER = 2 ** 27 + 1;
/** How near to a limit counts as on it: far more than the error of the sums. */
const MARGIN = 1e-6;

/** A double and its bits. */
const double = new Float64Array(1);
const bits = new Uint32Array(double.buffer);
const HIGH_WORD = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Powers of ten, each as the sum of two doubles; made when the first one is asked for. */
let powers: { readonly high: Float64Array; readonly low: Float64Array } | undefined;

/** Answers whether the decimal is certainly the shortest spelling of the double it is read as. Errors: none. */
export function isSpelledShortest({ first, rest, restDigits, power }: Decimal): boolean {
  const lastDigit = rest % 10;
  if (lastDigit === 0 || power < LEAST_POWER || power > LARGEST_POWER) return false;
  powers ??= makePowers();
  const unit = powers.high[power - LEAST_POWER] ?? 0;
  const unitLow = powers.low[power - LEAST_POWER] ?? 0;
  // Exact: five to the eighth times nine digits fits, and the powers of two cost nothing.
  const large = first * (restDigits === 8 ? 1e8 : 1e7);
  const high = large + rest;
  const low = rest - (high - large);
  const product = high * unit;
  const tail = multiplyError(high, unit, product) + (high * unitLow + low * unit);
  const nearest = product + tail;
  const left = tail - (nearest - product);
  const halfGap = findHalfGap(nearest);
  if (halfGap === undefined || Math.abs(left) > halfGap * (1 - MARGIN)) return false;
  // In units of the last digit: how far the double lies below the decimal, and from the decimals with a digit less.
  const below = left / unit;
  if (Math.abs(below) > 0.5 - MARGIN) return false;
  const fromTen = Math.min(lastDigit - below, 10 - (lastDigit - below));
  return fromTen * unit > halfGap * (1 + MARGIN);
}

/** What rounding took from a product. */
function multiplyError(a: number, b: number, product: number): number {
  const aShift = SPLITTER * a;
  const aHigh = aShift - (aShift - a);
  const aLow = a - aHigh;
  const bShift = SPLITTER * b;
  const bHigh = bShift - (bShift - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** Half the distance to the next double, or undefined at a power of two, where it differs on both sides. */
function findHalfGap(value: number): number | undefined {
  double[0] = value;
  const high = bits[HIGH_WORD] ?? 0;
  if ((high & 0xfffff) === 0 && bits[1 - HIGH_WORD] === 0) return undefined;
  // The exponent's bits alone are the power of two below; 53 powers less is half a unit in the last place.
  bits[HIGH_WORD] = (high & 0x7ff00000) - (53 << 20);
  bits[1 - HIGH_WORD] = 0;
  return double[0];
}

function makePowers() {
  const count = LARGEST_POWER - LEAST_POWER + 1;
  const [high, low] = [new Float64Array(count), new Float64Array(count)];
  for (let index = 0; index < count; index++) {
    const power = index + LEAST_POWER;
    high[index] = Number(`1e${power}`);
    low[index] = power < 0 ? lowOfFraction(-power) : Number(10n ** BigInt(power) - BigInt(high[index] ?? 0));
  }
  return { high, low };
}

/** What is left of 10^-power beside the nearest double. */
function lowOfFraction(power: number): number {
  double[0] = Number(`1e-${power}`);
  const highBits = bits[HIGH_WORD] ?? 0;
  const mantissa = (BigInt((highBits & 0xfffff) | 0x100000) << 32n) + BigInt(bits[1 - HIGH_WORD] ?? 0);
  // The double is mantissa / 2^scale.
  const scale = 1075 - (highBits >>> 20);
  const ten = 10n ** BigInt(power);
  const difference = (1n << BigInt(scale)) - mantissa * ten;
  return Number((difference << 64n) / ten) * 2 ** (-64 - scale);
}
