import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTextMembers, splitMembers } from '../../src/runner/split-members.ts';

describe('splitMembers', () => {
  it('finds the members of any object, however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t'),
        (object, space) => {
          const text = ` ${JSON.stringify(object, null, space)} `;
          const found = splitMembers(text).map(({ name, start, end }) => [name, JSON.parse(text.slice(start, end))]);
          expect(found).toEqual(Object.entries(JSON.parse(text)));
        },
      ),
    );
  });
  it('finds no member in an empty object', () => {
    expect(splitMembers('{ }')).toEqual([]);
  });
});

describe('readTextMembers', () => {
  it('gives strings as they are and the rest as it is written; the last of a name counts', () => {
    const text =
      '{"s":"a\\"\\n\\u00e9","n":9007199254740993,"f":1.0,"o":{"a": [1]},"z":null,"t":true,"s2":"x","s2":"y"}';
    expect(Object.fromEntries(readTextMembers(text))).toEqual({
      s: 'a"\né',
      n: '9007199254740993',
      f: '1.0',
      o: '{"a": [1]}',
      z: 'null',
      t: 'true',
      s2: 'y',
    });
  });
});
