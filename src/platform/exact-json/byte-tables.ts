/** What each byte means to JSON, as tables: the scanner's hot loops look up instead of comparing. */

/** 1 for bytes a string holds as they are: printable ASCII without quote and backslash. */
export const PLAIN = makePlain();

function makePlain(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(1, 0x20, 0x80);
  table[0x22] = 0;
  table[0x5c] = 0;
  return table;
}

/** States of a number, in the order its parts come. */
export const NUMBER = { minus: 0, zero: 1, integer: 2, point: 3, fraction: 4, e: 5, sign: 6, exponent: 7 } as const;

/** The number ended before this byte. */
export const NUMBER_END = 8;

/** This byte cannot stand here. */
export const NUMBER_BAD = 9;

/** The next state of a number, by `state << 8 | byte`. Source: RFC 8259, section 6. */
export const NUMBER_NEXT = makeNumberNext();

function makeNumberNext(): Uint8Array {
  const table = new Uint8Array(8 << 8);
  const mayEnd = new Set<number>([NUMBER.zero, NUMBER.integer, NUMBER.fraction, NUMBER.exponent]);
  for (let state = 0; state < 8; state++) {
    table.fill(mayEnd.has(state) ? NUMBER_END : NUMBER_BAD, state << 8, (state + 1) << 8);
  }
  const allow = (state: number, bytes: string, next: number) => {
    for (const byte of bytes) table[(state << 8) | byte.charCodeAt(0)] = next;
  };
  const digits = '0123456789';
  allow(NUMBER.minus, '0', NUMBER.zero);
  allow(NUMBER.minus, digits.slice(1), NUMBER.integer);
  allow(NUMBER.integer, digits, NUMBER.integer);
  allow(NUMBER.point, digits, NUMBER.fraction);
  allow(NUMBER.fraction, digits, NUMBER.fraction);
  allow(NUMBER.e, '+-', NUMBER.sign);
  for (const state of [NUMBER.e, NUMBER.sign, NUMBER.exponent]) allow(state, digits, NUMBER.exponent);
  for (const state of [NUMBER.zero, NUMBER.integer]) allow(state, '.', NUMBER.point);
  for (const state of [NUMBER.zero, NUMBER.integer, NUMBER.fraction]) allow(state, 'eE', NUMBER.e);
  return table;
}

/** How many continuation bytes a UTF-8 lead byte asks for, and the range of the first one. */
export type Utf8Lead = { readonly count: number; readonly lowest: number; readonly highest: number };

/** What a lead byte asks for, or undefined when it leads nothing. Source: RFC 3629, section 4. */
export function utf8LeadOf(byte: number): Utf8Lead | undefined {
  if (byte >= 0xc2 && byte <= 0xdf) return { count: 1, lowest: 0x80, highest: 0xbf };
  if (byte >= 0xe0 && byte <= 0xef) {
    return { count: 2, lowest: byte === 0xe0 ? 0xa0 : 0x80, highest: byte === 0xed ? 0x9f : 0xbf };
  }
  if (byte >= 0xf0 && byte <= 0xf4) {
    return { count: 3, lowest: byte === 0xf0 ? 0x90 : 0x80, highest: byte === 0xf4 ? 0x8f : 0xbf };
  }
  return undefined;
}
