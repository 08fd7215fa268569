import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestText, digestValue, formatCanonical } from '../../src/core/digest.ts';

/** Plain data without minus zero, which JSON cannot say. */
const plainData = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

/** The same value with the keys of every object in the opposite order. */
function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  const reversed = Object.entries(value).reverse();
  return Object.fromEntries(reversed.map(([key, field]) => [key, reverseKeys(field)]));
}

describe('formatCanonical', () => {
  it('sorts keys by code unit at every depth and leaves out absent fields', () => {
    expect(formatCanonical({ b: [{ z: 1, a: undefined }], a: 'x', B: null })).toBe('{"B":null,"a":"x","b":[{"z":1}]}');
  });

  it('keeps the place of an absent item of a list', () => {
    expect(formatCanonical([1, undefined, 2])).toBe('[1,null,2]');
  });

  it('writes JSON that reads back as the same value', () => {
    fc.assert(
      fc.property(plainData, (value) => {
        expect(JSON.parse(formatCanonical(value))).toEqual(value);
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(fc.property(plainData, (value) => formatCanonical(value) === formatCanonical(reverseKeys(value))));
  });

  it('tells different values apart', () => {
    fc.assert(
      fc.property(plainData, plainData, (one, other) => {
        const isSame = JSON.stringify(sortedEntries(one)) === JSON.stringify(sortedEntries(other));
        return (formatCanonical(one) === formatCanonical(other)) === isSame;
      }),
    );
  });
});

/** An object as a list of its fields in order, told apart from a list by its first item. */
function sortedEntries(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(sortedEntries)];
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['object', ...entries.map(([key, field]) => [key, sortedEntries(field)])];
}

describe('digestText', () => {
  it('is SHA-256 of the text as UTF-8, in lower-case hex', () => {
    for (const text of ['', 'abc', 'Zürich ✓']) {
      expect(digestText(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
    }
  });
});

describe('digestValue', () => {
  it('is the digest of the canonical text', () => {
    expect(digestValue({ b: 1, a: 2 })).toBe(digestText('{"a":2,"b":1}'));
  });
});
