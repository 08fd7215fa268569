import { describe, expect, test } from 'vitest';
import { expectAllOnce, expectNoneTwice, killUntilDone, settleAndFinish } from '../helpers/kill-loop.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';

const KILLS = 50;
/** A death may leave every row in hand in doubt, so more at a time need more rows. */
const ROWS: Readonly<Record<number, number>> = { 1: 200, 8: 420 };

describe.each(['command', 'worker'] as const)('kill loop with a %s', (kind) => {
  describe.each([1, 8])('%i at a time', (concurrency) => {
    test('with a verify hook: after 50 deaths every row is shipped exactly once', async () => {
      await using job = await makeLedgerJob({ rowCount: ROWS[concurrency] ?? 200, kind, concurrency, verify: true });
      const survived = await killUntilDone(job, KILLS);
      expect(survived.deaths).toBe(KILLS);
      expectAllOnce(job, survived);
    });

    test('without a hook: after 50 deaths no row is shipped twice, and what is missing waits for a person', async () => {
      await using job = await makeLedgerJob({ rowCount: ROWS[concurrency] ?? 200, kind, concurrency });
      const survived = await killUntilDone(job, KILLS);
      expect(survived.deaths).toBe(KILLS);
      expectNoneTwice(job, survived);
      await settleAndFinish(job);
    });
  });
});
