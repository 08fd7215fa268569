/** Steps inside a string: plain bytes, escapes, UTF-8. Each answers the next position. */
import { utf8LeadOf } from './byte-tables.ts';
import { MODE, type Scan, STOP, TOKEN_LIMIT_BYTES } from './scan.ts';
import { endValue } from './scan-structure.ts';
import { skipCharacters } from './skip-runs.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const SIMPLE_ESCAPES = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));
const LOW_EXPECTED = 'the low half of a surrogate pair';

/** Inside a string. */
export function stepString(scan: Scan, from: number): number {
  const { bytes } = scan;
  if (scan.pendingHigh && bytes[from] !== BACKSLASH) return failSurrogate(scan);
  const at = skipCharacters(bytes, from);
  const byte = bytes[at];
  if (byte === undefined) return at;
  if (byte === QUOTE) return endString(scan, at + 1);
  if (byte === BACKSLASH) {
    scan.hasEscape = true;
    scan.mode = MODE.escape;
    if (!scan.pendingHigh) scan.escapeOffset = scan.base + at;
    return at + 1;
  }
  if (byte < 0x20) return scan.fail('syntax', at, { expected: 'no control character in a string' });
  const lead = utf8LeadOf(byte);
  if (lead === undefined) return scan.fail('encoding', at, { expected: 'UTF-8' });
  scan.utf8Count = lead.count;
  scan.utf8Lowest = lead.lowest;
  scan.utf8Highest = lead.highest;
  scan.mode = MODE.utf8;
  return at + 1;
}

/** Inside one character of several bytes. */
export function stepUtf8(scan: Scan, from: number): number {
  const { bytes } = scan;
  let at = from;
  for (; at < bytes.length && scan.utf8Count > 0; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < scan.utf8Lowest || byte > scan.utf8Highest) return scan.fail('encoding', at, { expected: 'UTF-8' });
    scan.utf8Lowest = 0x80;
    scan.utf8Highest = 0xbf;
    scan.utf8Count--;
  }
  if (scan.utf8Count === 0) scan.mode = MODE.string;
  return at;
}

/** Behind a backslash. */
export function stepEscape(scan: Scan, at: number): number {
  const byte = scan.bytes[at] ?? 0;
  if (byte === LETTER_U) {
    scan.mode = MODE.unicode;
    scan.hexCount = 0;
    scan.unit = 0;
    return at + 1;
  }
  if (!SIMPLE_ESCAPES.has(byte)) return scan.fail('syntax', at, { expected: 'one of "\\/bfnrtu behind a backslash' });
  if (scan.pendingHigh) return failSurrogate(scan);
  scan.mode = MODE.string;
  return at + 1;
}

/** Inside the four digits of \u. */
export function stepUnicode(scan: Scan, from: number): number {
  let at = from;
  for (; at < scan.bytes.length && scan.hexCount < 4; at++, scan.hexCount++) {
    const digit = hexValueOf(scan.bytes[at] ?? 0);
    if (digit < 0) return scan.fail('syntax', at, { expected: 'four hexadecimal digits behind \\u' });
    scan.unit = scan.unit * 16 + digit;
  }
  if (scan.hexCount < 4) return at;
  const isHigh = scan.unit >= 0xd800 && scan.unit <= 0xdbff;
  const isLow = scan.unit >= 0xdc00 && scan.unit <= 0xdfff;
  if (scan.pendingHigh !== isLow) return failSurrogate(scan);
  scan.pendingHigh = isHigh;
  scan.mode = MODE.string;
  return at;
}

function failSurrogate(scan: Scan): typeof STOP {
  return scan.failAtOffset('lone_surrogate', scan.escapeOffset, {
    expected: scan.pendingHigh ? LOW_EXPECTED : 'a whole surrogate pair',
    found: 'half a surrogate pair',
  });
}

function hexValueOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Behind the closing quote. */
function endString(scan: Scan, at: number): number {
  if (scan.isKey) return endKey(scan, at);
  if (scan.tokenFrom < 0) {
    endValue(scan, at);
    return at;
  }
  const token = scan.endToken(at);
  if (token === undefined) return STOP;
  endValue(scan, at, token.toString('utf8'));
  return at;
}

function endKey(scan: Scan, at: number): number {
  const offset = scan.tokenOffset;
  const name = readName(scan, at);
  if (name === undefined) return STOP;
  scan.names[scan.depth] = name;
  if (!scan.keysAt(scan.depth).add(name)) {
    return scan.failAtOffset('duplicate_key', offset, { expected: 'each key once', found: 'the same key again' });
  }
  scan.mode = MODE.colon;
  return at;
}

function readName(scan: Scan, at: number): string | undefined {
  if (scan.carriedBytes === 0 && !scan.hasEscape && at - scan.tokenFrom < TOKEN_LIMIT_BYTES) {
    const name = scan.keyNames(scan.bytes, scan.tokenFrom + 1, at - 1);
    scan.dropToken();
    return name;
  }
  const token = scan.endToken(at);
  if (token === undefined || !scan.hasEscape) return token?.toString('utf8', 1, token.length - 1);
  return String(JSON.parse(token.toString('utf8')));
}
