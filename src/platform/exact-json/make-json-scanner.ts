/** A strict JSON check over bytes as they come, in memory that does not grow with the text. */

import { NUMBER_END, NUMBER_NEXT } from './byte-tables.ts';
import type { NumberRange } from './find-doubtful-numbers.ts';
import { MODE, Scan, type ScanOptions } from './scan.ts';
import { endNumber, stepNumber } from './scan-number.ts';
import { stepEscape, stepString, stepUnicode, stepUtf8 } from './scan-string.ts';
import {
  stepAfter,
  stepColon,
  stepFirstItem,
  stepFirstKey,
  stepKey,
  stepLiteral,
  stepStart,
  stepValue,
} from './scan-structure.ts';
import type { FieldFacts, JsonProblem, JsonType } from './schema.ts';

/** A scan under way. After a problem, what is pushed is ignored. */
export type JsonScanner = {
  /** Takes the next bytes; false once there is a problem. */
  readonly push: (bytes: Uint8Array) => boolean;
  /** Says that there are no more bytes; false when there is a problem. */
  readonly end: () => boolean;
  readonly problem: () => JsonProblem | undefined;
  readonly rootType: () => JsonType | undefined;
  /** The wanted top-level fields that are complete. */
  readonly fields: ReadonlyMap<string, FieldFacts>;
  /** The offset at which a wanted field's value begins, known as soon as its first byte was seen. */
  readonly startOffsetOf: (name: string) => number | undefined;
  /** Where the numbers stand that `JSON.parse` may change; undefined when there are too many to be noted. */
  readonly doubtfulNumbers: () => readonly NumberRange[] | undefined;
  /** Whether the whole value of the text has come; what goes on behind it is a problem then. */
  readonly isBehindRoot: () => boolean;
};

/**
 * Makes a scanner of one JSON text.
 *
 * Shapes: RFC 8259 in UTF-8 without a byte order mark; refused on top of it are duplicate keys, more than 127 levels,
 *         numbers beyond a double and half surrogate pairs, which the format's readers refuse or would change.
 * Errors: none; the first problem is a value, with its byte offset.
 * Source: formats/tau 2.4; RFC 8259; RFC 3629; decisions/0033.
 */
export function makeJsonScanner(options: ScanOptions = {}): JsonScanner {
  const scan = new Scan(options);
  return {
    push: (bytes) => pushBytes(scan, bytes),
    end: () => scan.problem === undefined && endText(scan),
    problem: () => scan.problem,
    rootType: () => scan.rootType,
    fields: scan.fields,
    doubtfulNumbers: () => (scan.isDoubtfulCut ? undefined : scan.doubtful),
    isBehindRoot: () => scan.mode === MODE.after && scan.depth === 0,
    startOffsetOf: (name) =>
      scan.openField?.name === name ? scan.openField.startOffset : scan.fields.get(name)?.startOffset,
  };
}

function pushBytes(scan: Scan, bytes: Uint8Array): boolean {
  if (scan.problem !== undefined) return false;
  scan.take(bytes);
  const end = bytes.length;
  for (let at = 0; at < end; ) {
    at = step(scan, at);
    if (at < 0) return false;
  }
  if (!scan.carryToken()) return false;
  scan.base += end;
  return true;
}

/** A switch, not a table: direct calls are what the compiler can inline. */
function step(scan: Scan, at: number): number {
  switch (scan.mode) {
    case MODE.value:
      return stepValue(scan, at);
    case MODE.after:
      return stepAfter(scan, at);
    case MODE.string:
      return stepString(scan, at);
    case MODE.number:
      return stepNumber(scan, at);
    case MODE.colon:
      return stepColon(scan, at);
    case MODE.key:
      return stepKey(scan, at);
    case MODE.firstKey:
      return stepFirstKey(scan, at);
    case MODE.firstItem:
      return stepFirstItem(scan, at);
    case MODE.literal:
      return stepLiteral(scan, at);
    case MODE.escape:
      return stepEscape(scan, at);
    case MODE.unicode:
      return stepUnicode(scan, at);
    case MODE.utf8:
      return stepUtf8(scan, at);
    default:
      return stepStart(scan, at);
  }
}

function endText(scan: Scan): boolean {
  scan.take(new Uint8Array(0));
  const isNumber = scan.mode === MODE.number && NUMBER_NEXT[(scan.numberState << 8) | 0x20] === NUMBER_END;
  if (isNumber && scan.depth === 0 && endNumber(scan, 0) < 0) return false;
  if (scan.depth === 0 && scan.mode === MODE.after) return true;
  scan.failAtOffset('truncated', scan.base, { expected: EXPECTED[scan.mode] ?? 'more', found: describeEnd(scan) });
  return false;
}

function describeEnd(scan: Scan): string {
  if (scan.base === 0) return 'an empty file';
  const kinds = [...scan.isObject.subarray(1, scan.depth + 1)].map((isObject) => (isObject === 1 ? '{' : '['));
  return scan.depth === 0 ? 'the end of the file' : `the end of the file with ${kinds.join('')} open`;
}

/** What should have come, by mode. */
const EXPECTED: Readonly<Record<number, string>> = {
  [MODE.firstKey]: "a key or '}'",
  [MODE.firstItem]: "a value or ']'",
  [MODE.key]: 'a key',
  [MODE.colon]: "':'",
  [MODE.after]: "',' or the closing bracket",
  [MODE.string]: 'the rest of a string',
  [MODE.escape]: 'the rest of a string',
  [MODE.unicode]: 'the rest of a string',
  [MODE.utf8]: 'the rest of a character',
  [MODE.number]: 'the rest of a number or of what holds it',
  [MODE.literal]: 'the rest of true, false or null',
  [MODE.value]: 'a JSON value',
  [MODE.start]: 'a JSON value',
};
