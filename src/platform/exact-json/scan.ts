import type { NumberRange } from './find-doubtful-numbers.ts';
import { formatJsonPath } from './format-json-path.ts';
import { makeKeyNames } from './key-names.ts';
import { type KeySet, makeKeySet } from './key-set.ts';
import { type ByteText, makeByteText } from './read-number.ts';
import { DEPTH_LIMIT, type FieldFacts, type JsonProblem, type JsonRule, type JsonType } from './schema.ts';

/**
 * Where the scanner stands between two bytes: before the first byte (`start`), before a value (`value`; `firstItem`
 * and `firstKey` right behind `[` and `{`, `key` behind a comma), between key and value (`colon`), behind a value
 * (`after`), or inside one (`string`, `escape`, `unicode`, `utf8`, `number`, `literal`).
 */
export const MODE = {
  start: 0,
  value: 1,
  firstItem: 2,
  firstKey: 3,
  key: 4,
  colon: 5,
  after: 6,
  string: 7,
  escape: 8,
  unicode: 9,
  utf8: 10,
  number: 11,
  literal: 12,
} as const;

/** What a step answers instead of a position when it found a problem. */
export const STOP = -1;

/** The longest key or captured scalar, in bytes: what is longer is garbage, and would have to be kept in memory. */
export const TOKEN_LIMIT_BYTES = 1024 * 1024;

/** How many numbers that `JSON.parse` may change are noted: the memory of a scan does not grow with its text. */
const DOUBTFUL_LIMIT = 1_000;

/** Which top-level keys are captured, and the depth the text stands at inside a larger one. */
export type ScanOptions = {
  readonly isWanted?: (name: string) => boolean;
  readonly outerPath?: readonly string[];
};

/** The whole state of one scan: everything a step may need when the next chunk comes. */
export class Scan {
  text: ByteText = makeByteText(new Uint8Array(0));
  bytes: Uint8Array = this.text.bytes;
  /** Offset of the chunk's first byte in the text. */
  base = 0;
  mode: number = MODE.start;
  depth = 0;
  /** By depth: whether it is an object, how many items came before, the key, and the keys seen. */
  readonly isObject = new Uint8Array(DEPTH_LIMIT + 1);
  readonly itemIndex = new Float64Array(DEPTH_LIMIT + 1);
  readonly names: string[] = [];
  readonly keys: KeySet[] = [];
  readonly keyNames = makeKeyNames();
  /** Inside a string. */
  isKey = false;
  hasEscape = false;
  pendingHigh = false;
  escapeOffset = 0;
  hexCount = 0;
  unit = 0;
  utf8Count = 0;
  utf8Lowest = 0;
  utf8Highest = 0;
  /** Inside a number or literal. */
  numberState = 0;
  hasExponent = false;
  literal = '';
  literalAt = 0;
  /** The token under the scanner: where it starts in this chunk, and what earlier chunks held of it. */
  tokenFrom = -1;
  tokenOffset = 0;
  carried: Uint8Array[] = [];
  carriedBytes = 0;

  /** Numbers of which it is not certain that `JSON.parse` keeps them, as offsets, and whether there were too many. */
  readonly doubtful: NumberRange[] = [];
  isDoubtfulCut = false;

  rootType: JsonType | undefined;
  problem: JsonProblem | undefined;
  readonly fields = new Map<string, FieldFacts>();
  openField: { readonly name: string; readonly type: JsonType; readonly startOffset: number } | undefined;
  readonly isWanted: (name: string) => boolean;
  readonly outerPath: readonly string[];

  constructor({ isWanted = () => false, outerPath = [] }: ScanOptions) {
    this.isWanted = isWanted;
    this.outerPath = outerPath;
  }

  /** Takes the next bytes of the text. */
  take(bytes: Uint8Array): void {
    this.text = makeByteText(bytes);
    this.bytes = bytes;
  }

  /** Notes a number, by offsets in the text, that `JSON.parse` may change. */
  doubt(startOffset: number, endOffset: number): void {
    this.isDoubtfulCut ||= this.doubtful.length === DOUBTFUL_LIMIT;
    if (!this.isDoubtfulCut) this.doubtful.push([startOffset, endOffset]);
  }

  /** Records the first problem, at a position in this chunk. */
  fail(rule: JsonRule, at: number, words: { readonly expected: string; readonly found?: string }): typeof STOP {
    return this.failAtOffset(rule, this.base + at, { found: describeByte(this.bytes[at]), ...words });
  }

  /** Records the first problem, at an offset in the text. */
  failAtOffset(
    rule: JsonRule,
    offset: number,
    words: { readonly expected: string; readonly found: string },
  ): typeof STOP {
    this.problem = { rule, offset, path: this.path(), ...words };
    return STOP;
  }

  /** The place of the value under the scanner. */
  path(): string {
    const segments: (string | number)[] = [...this.outerPath];
    for (let depth = 1; depth <= this.depth; depth++) {
      const segment = this.isObject[depth] === 1 ? this.names[depth] : this.itemIndex[depth];
      if (segment !== undefined && segment !== '') segments.push(segment);
    }
    return formatJsonPath(segments);
  }

  startToken(at: number): void {
    this.tokenFrom = at;
    this.tokenOffset = this.base + at;
  }

  /** The bytes of the token that ends here; undefined, with a problem, when it is too long. */
  endToken(at: number): Buffer | undefined {
    const here = this.bytes.subarray(this.tokenFrom, at);
    const isCarried = this.carriedBytes > 0;
    const whole = isCarried
      ? Buffer.concat([...this.carried, here])
      : Buffer.from(here.buffer, here.byteOffset, here.length);
    this.dropToken();
    if (whole.length <= TOKEN_LIMIT_BYTES) return whole;
    this.failLongToken();
    return undefined;
  }

  dropToken(): void {
    this.tokenFrom = -1;
    if (this.carriedBytes > 0) {
      this.carried = [];
      this.carriedBytes = 0;
    }
  }

  /** Keeps what this chunk holds of an open token; false, with a problem, when it is too long. */
  carryToken(): boolean {
    if (this.tokenFrom < 0) return true;
    // A copy: the next chunk comes in the same memory, and `slice` of a Buffer shares it.
    this.carried.push(new Uint8Array(this.bytes.subarray(this.tokenFrom)));
    this.carriedBytes += this.bytes.length - this.tokenFrom;
    this.tokenFrom = 0;
    if (this.carriedBytes <= TOKEN_LIMIT_BYTES) return true;
    this.failLongToken();
    return false;
  }

  private failLongToken(): void {
    const expected = `at most ${TOKEN_LIMIT_BYTES} bytes for a key, number or checkpoint field`;
    this.failAtOffset('token_length', this.tokenOffset, { expected, found: 'a longer one' });
  }

  keysAt(depth: number): KeySet {
    let keys = this.keys[depth];
    if (keys === undefined) {
      keys = makeKeySet();
      this.keys[depth] = keys;
    }
    return keys;
  }
}

function describeByte(byte: number | undefined): string {
  if (byte === undefined) return 'the end of the file';
  const hex = `byte 0x${byte.toString(16).padStart(2, '0')}`;
  return byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}' (${hex})` : hex;
}
