import { describe, test } from 'vitest';
import { crossPoint, POINTS } from '../helpers/crash-matrix.ts';

/** Points that are reached for every row, so that dying at a later row is another case. */
const PER_ROW = ['after-intent', 'before-receipt', 'after-receipt', 'after-effect'];

describe.each(['command', 'worker'] as const)('a %s', (kind) => {
  describe.each([1, 3])('%i at a time', (concurrency) => {
    describe.each([true, false])('with a verify hook: %s', (verify) => {
      // A worker is spawned once and its rows are not.
      test.each(POINTS)('dies at %s with all its children', async (point) => {
        await crossPoint({ kind, concurrency, verify }, { point });
      });

      test.each(PER_ROW)('dies at %s of its third row', async (point) => {
        await crossPoint({ kind, concurrency, verify }, { point, nth: 3 });
      });

      test.each(PER_ROW)('dies at %s alone, its children go on', async (point) => {
        await crossPoint({ kind, concurrency, verify }, { point, whom: 'alone' });
      });
    });
  });
});
