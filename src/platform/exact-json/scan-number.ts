/** Steps inside a number. Each answers the next position. */
import { NUMBER, NUMBER_BAD, NUMBER_END, NUMBER_NEXT } from './byte-tables.ts';
import { type ByteText, isSurelyKept, makeByteText, readNumber } from './read-number.ts';
import { type Scan, STOP } from './scan.ts';
import { endValue } from './scan-structure.ts';
import { skipDigits } from './skip-runs.ts';

/** A number shorter than this with at most two digits in its exponent is far below the largest double. */
const SHORT_BYTES = 200;
/** A number this short has no more digits than every double keeps, unless it has an exponent. */
const KEPT_BYTES = 15;

/** Inside a number. */
export function stepNumber(scan: Scan, from: number): number {
  const { bytes } = scan;
  const end = bytes.length;
  let state = scan.numberState;
  let at = from;
  for (;;) {
    if (state === NUMBER.integer || state === NUMBER.fraction || state === NUMBER.exponent) at = skipDigits(bytes, at);
    if (at >= end) break;
    const next = NUMBER_NEXT[(state << 8) | (bytes[at] ?? 0)] ?? NUMBER_BAD;
    if (next === NUMBER_END) return endNumber(scan, at);
    if (next === NUMBER_BAD) return scan.fail('syntax', at, { expected: 'a digit' });
    if (next === NUMBER.e) scan.hasExponent = true;
    state = next;
    at++;
  }
  scan.numberState = state;
  return at;
}

/** Ends a number in front of this position. Errors: STOP when it is too long, or larger than a double can be. */
export function endNumber(scan: Scan, at: number): number {
  const isField = scan.openField !== undefined && scan.depth === 1;
  const lengthBytes = scan.carriedBytes + at - scan.tokenFrom;
  const offset = scan.tokenOffset;
  if (!isField && !scan.hasExponent && lengthBytes < SHORT_BYTES && (lengthBytes <= KEPT_BYTES || !scan.carriedBytes)) {
    if (lengthBytes > KEPT_BYTES) doubtNumber(scan, scan.text, scan.tokenFrom);
    scan.dropToken();
    endValue(scan, at);
    return at;
  }
  const token = scan.endToken(at);
  if (token === undefined) return STOP;
  if (mayOverflow(token) && !Number.isFinite(Number(token.toString('latin1')))) {
    return scan.failAtOffset('number_range', offset, { expected: 'a number a double can hold', found: 'a larger one' });
  }
  doubtNumber(scan, makeByteText(token), 0);
  endValue(scan, at, isField ? token.toString('latin1') : undefined);
  return at;
}

/** Notes the number that begins here and at `tokenOffset`, if `JSON.parse` may change it. */
function doubtNumber(scan: Scan, text: ByteText, from: number): void {
  const end = readNumber(text, from);
  if (!isSurelyKept()) scan.doubt(scan.tokenOffset, scan.tokenOffset + end - from);
}

/** Looks at the exponent from its end: a negative one, or one of two digits, cannot overflow a short number. */
function mayOverflow(token: Buffer): boolean {
  if (token.length >= SHORT_BYTES) return true;
  let at = token.length - 1;
  while (at >= 0 && ((token[at] ?? 0) - 0x30) >>> 0 <= 9) at--;
  return token.length - 1 - at > 2 && token[at] !== 0x2d && at > 0;
}
