/** Steps between values: brackets, commas, colons and the beginnings of values. Each answers the next position. */

import { NUMBER } from './byte-tables.ts';
import { MODE, type Scan } from './scan.ts';
import { DEPTH_LIMIT, type JsonType } from './schema.ts';
import { numberRun, skipNumberItems, skipSpace } from './skip-runs.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const BOM_START = 0xef;

const LITERALS: Readonly<Record<number, { readonly text: string; readonly type: JsonType }>> = {
  116: { text: 'true', type: 'boolean' },
  102: { text: 'false', type: 'boolean' },
  110: { text: 'null', type: 'null' },
};

/** Refuses a byte order mark; anything else is a value. */
export function stepStart(scan: Scan, at: number): number {
  if (scan.bytes[at] === BOM_START) {
    return scan.fail('encoding', at, {
      expected: 'a JSON value',
      found: 'a byte order mark or other text (byte 0xef)',
    });
  }
  scan.mode = MODE.value;
  return at;
}

/** Begins the value that must stand here. */
export function stepValue(scan: Scan, from: number): number {
  const at = skipNumbers(scan, skipSpace(scan.bytes, from));
  const byte = scan.bytes[at];
  if (byte === undefined) return at;
  if ((byte >= ZERO && byte <= NINE) || byte === MINUS) {
    beginValue(scan, 'number', at);
    scan.startToken(at);
    scan.mode = MODE.number;
    scan.hasExponent = false;
    scan.numberState = byte === MINUS ? NUMBER.minus : byte === ZERO ? NUMBER.zero : NUMBER.integer;
    return at + 1;
  }
  if (byte === QUOTE) {
    beginValue(scan, 'string', at);
    // Only what is captured needs its text; a long string of a state is never kept.
    if (scan.openField !== undefined && scan.depth === 1) scan.startToken(at);
    return beginString(scan, at, false);
  }
  if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) return open(scan, at, byte === OPEN_OBJECT);
  return beginLiteral(scan, at, byte);
}

/** Skips the numbers of an array that are whole in this chunk, but for the last one. */
function skipNumbers(scan: Scan, at: number): number {
  if (scan.depth === 0 || scan.isObject[scan.depth] === 1) return at;
  const next = skipNumberItems(scan, at);
  scan.itemIndex[scan.depth] = (scan.itemIndex[scan.depth] ?? 0) + numberRun.count;
  return next;
}

function beginLiteral(scan: Scan, at: number, byte: number): number {
  const literal = LITERALS[byte];
  if (literal === undefined) return scan.fail('syntax', at, { expected: 'a JSON value' });
  beginValue(scan, literal.type, at);
  scan.startToken(at);
  scan.mode = MODE.literal;
  scan.literal = literal.text;
  scan.literalAt = 1;
  return at + 1;
}

/** Begins a string at its opening quote. */
function beginString(scan: Scan, at: number, isKey: boolean): number {
  scan.isKey = isKey;
  scan.hasEscape = false;
  scan.pendingHigh = false;
  scan.mode = MODE.string;
  return at + 1;
}

function beginValue(scan: Scan, type: JsonType, at: number): void {
  if (scan.depth === 0) scan.rootType = type;
  if (scan.depth !== 1 || scan.isObject[1] !== 1) return;
  const name = scan.names[1] ?? '';
  if (scan.isWanted(name)) scan.openField = { name, type, startOffset: scan.base + at };
}

/** Ends a value in front of this position. `text` is its raw text where that was kept. */
export function endValue(scan: Scan, at: number, text?: string): void {
  scan.mode = MODE.after;
  const field = scan.openField;
  if (field === undefined || scan.depth !== 1) return;
  const { name, type, startOffset } = field;
  const facts = { type, startOffset, endOffset: scan.base + at };
  scan.fields.set(name, text === undefined ? facts : { ...facts, text });
  scan.openField = undefined;
}

function open(scan: Scan, at: number, isObject: boolean): number {
  beginValue(scan, isObject ? 'object' : 'array', at);
  if (scan.depth + scan.outerPath.length >= DEPTH_LIMIT) {
    return scan.fail('depth', at, { expected: `at most ${DEPTH_LIMIT} levels`, found: 'one more' });
  }
  scan.depth++;
  scan.isObject[scan.depth] = isObject ? 1 : 0;
  scan.itemIndex[scan.depth] = 0;
  scan.names[scan.depth] = '';
  if (isObject) scan.keysAt(scan.depth).clear();
  scan.mode = isObject ? MODE.firstKey : MODE.firstItem;
  return at + 1;
}

function close(scan: Scan, at: number): number {
  if (scan.isObject[scan.depth] === 1) scan.keysAt(scan.depth).clear();
  scan.depth--;
  endValue(scan, at + 1);
  return at + 1;
}

/** Behind `[`: an item or the end. */
export function stepFirstItem(scan: Scan, from: number): number {
  const at = skipSpace(scan.bytes, from);
  if (at === scan.bytes.length) return at;
  if (scan.bytes[at] === CLOSE_ARRAY) return close(scan, at);
  scan.mode = MODE.value;
  return at;
}

/** Behind `{`: a key or the end. */
export function stepFirstKey(scan: Scan, from: number): number {
  const at = skipSpace(scan.bytes, from);
  if (scan.bytes[at] === CLOSE_OBJECT) return close(scan, at);
  return beginKey(scan, at, "a key or '}'");
}

/** Behind a comma in an object: a key. */
export function stepKey(scan: Scan, from: number): number {
  return beginKey(scan, skipSpace(scan.bytes, from), 'a key');
}

function beginKey(scan: Scan, at: number, expected: string): number {
  if (at === scan.bytes.length) return at;
  if (scan.bytes[at] !== QUOTE) return scan.fail('syntax', at, { expected });
  scan.startToken(at);
  return beginString(scan, at, true);
}

/** Between key and value. */
export function stepColon(scan: Scan, from: number): number {
  const at = skipSpace(scan.bytes, from);
  if (at === scan.bytes.length) return at;
  if (scan.bytes[at] !== COLON) return scan.fail('syntax', at, { expected: "':'" });
  scan.mode = MODE.value;
  return at + 1;
}

/** Behind a value: a comma, the end of what holds it, or nothing at all. */
export function stepAfter(scan: Scan, from: number): number {
  const at = skipSpace(scan.bytes, from);
  const byte = scan.bytes[at];
  if (byte === undefined) return at;
  if (scan.depth === 0) return scan.fail('syntax', at, { expected: 'the end of the file' });
  const isObject = scan.isObject[scan.depth] === 1;
  if (byte === COMMA) {
    if (isObject) {
      scan.names[scan.depth] = '';
      scan.mode = MODE.key;
    } else {
      scan.itemIndex[scan.depth] = (scan.itemIndex[scan.depth] ?? 0) + 1;
      scan.mode = MODE.value;
    }
    return at + 1;
  }
  if (byte === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return close(scan, at);
  return scan.fail('syntax', at, { expected: isObject ? "',' or '}'" : "',' or ']'" });
}

/** Inside true, false or null. */
export function stepLiteral(scan: Scan, from: number): number {
  let at = from;
  for (; at < scan.bytes.length && scan.literalAt < scan.literal.length; at++, scan.literalAt++) {
    if (scan.bytes[at] !== scan.literal.charCodeAt(scan.literalAt)) {
      return scan.fail('syntax', at, { expected: `'${scan.literal}'` });
    }
  }
  if (scan.literalAt < scan.literal.length) return at;
  scan.dropToken();
  endValue(scan, at, scan.literal);
  return at;
}
