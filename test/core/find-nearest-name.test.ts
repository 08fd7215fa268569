import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeNearestName, findNearestName } from '../../src/core/find-nearest-name.ts';

const KNOWN = ['concurrency', 'on_error', 'rows', 'write_back', 'verify', 'retry'];

describe('findNearestName', () => {
  it.each([
    ['concurency', 'concurrency'],
    ['cnocurrency', 'concurrency'],
    ['On-Error', 'on_error'],
    ['row', 'rows'],
    ['writeback', 'write_back'],
    ['verfiy', 'verify'],
  ])('%s is meant to be %s', (written, meant) => {
    expect(findNearestName(written, KNOWN)).toBe(meant);
  });

  it('finds nothing near enough for another word', () => {
    expect(findNearestName('colour', KNOWN)).toBeUndefined();
    expect(findNearestName('', KNOWN)).toBeUndefined();
    expect(findNearestName('rows', [])).toBeUndefined();
  });

  it('finds a known name by itself', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), (names) =>
        names.every((name) => findNearestName(name, names) === name),
      ),
    );
  });

  it('finds a name again with one letter missing, when it is three letters or longer', () => {
    const name = fc.stringMatching(/^[a-z]{4,16}$/);
    fc.assert(
      fc.property(name, fc.nat(), (known, at) => {
        const cut = at % known.length;
        return findNearestName(known.slice(0, cut) + known.slice(cut + 1), [known]) === known;
      }),
    );
  });
});

describe('describeNearestName', () => {
  it('is the end of a sentence, or nothing', () => {
    expect(describeNearestName('retyr', KNOWN)).toBe('; did you mean retry?');
    expect(describeNearestName('colour', KNOWN)).toBe('');
  });
});
