/**
 * Texts as PostgreSQL can hold them. It refuses U+0000, and what is no Unicode (half of a surrogate pair); keys, receipts
 * and messages of others may have both, and are kept exactly. Each such character is written as a mark and its four
 * digits, and so is the mark itself, a code point that Unicode leaves to programs: equal texts stay equal, others do not
 * become so.
 */

const MARK = '\uFDD0';
const MARKED = /\uFDD0([0-9a-f]{4})/g;
const UNHOLDABLE = /[\0\uFDD0]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** A text as it is stored. */
export function encodeText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0') && !text.includes(MARK)) return text;
  return text.replaceAll(UNHOLDABLE, (unit) => `${MARK}${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A stored text as it was. */
export function decodeText(text: string): string {
  if (!text.includes(MARK)) return text;
  return text.replaceAll(MARKED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** A value as JSON text whose strings PostgreSQL can hold. */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u0000|\\ud[89a-f]/.test(text) && !text.includes(MARK)) return text;
  const encoded = JSON.stringify(value, (_name, one: unknown) => (typeof one === 'string' ? encodeText(one) : one));
  // The text as a whole is encoded once more on its way, which a mark must not be.
  return encoded.replaceAll(MARK, '\\ufdd0');
}
