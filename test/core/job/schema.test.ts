import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleProgress, countUnits, UNIT_STATUSES } from '../../../src/core/job/schema.ts';

const counts = fc.record(
  Object.fromEntries(UNIT_STATUSES.map((status) => [status, fc.nat(1_000_000)])) as Record<
    (typeof UNIT_STATUSES)[number],
    fc.Arbitrary<number>
  >,
);

describe('assembleProgress', () => {
  it('counts every unit in the total and names what is counted', () => {
    const progress = assembleProgress(
      { pending: 1, in_doubt: 2, done: 3, failed: 4, skipped: 5, needs_review: 6 },
      'step',
    );
    expect(progress).toEqual({ done: 3, total: 21, unit: 'step', failed: 4, inDoubt: 2, needsReview: 6 });
  });

  it('never has more in its parts than in its total', () => {
    fc.assert(
      fc.property(counts, (some) => {
        const { done, failed, inDoubt, needsReview, total } = assembleProgress(some, 'row');
        expect(total).toBe(countUnits(some));
        expect(done + failed + inDoubt + needsReview).toBe(total - some.pending - some.skipped);
      }),
    );
  });
});
