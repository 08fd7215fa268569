import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeText, encodeJson, encodeText } from '../../../src/store/postgres/exact-text.ts';

/** Any UTF-16 at all, with those that matter more often than chance has them. */
const anyText = fc
  .array(fc.oneof(fc.constantFrom('\0', '\ud800', '\udc00', '\ufdd0', '0000', 'a', '😀'), fc.string({ maxLength: 3 })))
  .map((parts) => parts.join(''));

test('encodeText: every text comes back exactly, and is one that PostgreSQL can hold', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const encoded = encodeText(text);
      expect(encoded.isWellFormed() && !encoded.includes('\0')).toBe(true);
      expect(decodeText(encoded)).toBe(text);
    }),
  );
});

test('encodeText: an ordinary text is stored as it is', () => {
  expect(encodeText("Müller's 😀 order\t1")).toBe("Müller's 😀 order\t1");
});

test('encodeJson: every string in it comes back exactly, and the whole needs no encoding any more', () => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      const json = encodeJson([texts, { n: 1 }]);
      expect(encodeText(json)).toBe(json);
      expect(json).not.toContain('\\u0000');
      const [parsed] = JSON.parse(json) as [string[]];
      expect(parsed.map(decodeText)).toEqual(texts);
    }),
  );
});
