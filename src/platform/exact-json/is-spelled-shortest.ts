/**
 * Whether a decimal is how JavaScript spells the double it is read as, without making that spelling, which takes longer
 * than reading the number.
 *
 * The decimal is multiplied out as the sum of two doubles (about 105 bits), which gives the double nearest to it and what
 * is left over. It is the shortest spelling when no decimal with a digit less lies within half a unit in the last place of
 * that double, and no other with as many digits is nearer. Where the margin is too small to be certain the answer is no.
 * Source: ECMAScript, Number::toString (as few digits as possible, of those the nearest); Dekker 1971 (exact products).
 */

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

/**
 * Answers whether the decimal (large + rest) * 10^power is certainly the shortest spelling of the double it is read as.
 *
 * Shapes: `large` and `rest` are whole, exact and have 16 or 17 digits together; `rest` holds the last ones.
 * Errors: none.
 */
export function isSpelledShortest(large: number, rest: number, power: number): boolean {
  // Whole numbers of 32 bits have a remainder of their own, which doubles do not.
  const lastDigit = (rest | 0) % 10;
  if (lastDigit === 0 || power < LEAST_POWER || power > LARGEST_POWER) return false;
  powers ??= makePowers();
  const unit = powers.high[power - LEAST_POWER] ?? 0;
  const unitLow = powers.low[power - LEAST_POWER] ?? 0;
  const high = large + rest;
  const low = rest - (high - large);
  const product = high * unit;
  const tail = multiplyError(high, unit, product) + (high * unitLow + low * unit);
  const nearest = product + tail;
  const left = tail - (nearest - product);
  const powerOfTwo = findPowerOfTwo(nearest);
  // At a power of two the next doubles are not equally far.
  if (nearest === powerOfTwo) return false;
  const halfGap = powerOfTwo * 2 ** -53;
  if (Math.abs(left) > halfGap * (1 - MARGIN)) return false;
  // How far the double lies below the decimal, and from the decimals with a digit less.
  if (Math.abs(left) > unit * (0.5 - MARGIN)) return false;
  const fromTen = lastDigit * unit - left;
  return Math.min(fromTen, 10 * unit - fromTen) > halfGap * (1 + MARGIN);
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

/** The power of two at or below a number above zero. Source: Rump, Zimmermann, Boldo, Melquiond 2009, algorithm 3.6. */
function findPowerOfTwo(value: number): number {
  const scaled = value * (2 ** 52 + 1);
  return scaled - scaled * (1 - 2 ** -53);
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
