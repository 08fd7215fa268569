import { expect, test } from 'vitest';
import { expectAllOnce, expectNoneTwice, killUntilDone, settleAndFinish } from '../helpers/kill-loop.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';

test.concurrent('kill loop: with a verify hook every row is shipped exactly once', async () => {
  await using job = await makeLedgerJob({ rowCount: 24, verify: true });
  const survived = await killUntilDone(job, 8);
  expectAllOnce(job, survived);
});

test.concurrent('kill loop: without a hook no row is shipped twice, and what is missing waits for a person', async () => {
  await using job = await makeLedgerJob({ rowCount: 24, kind: 'worker', concurrency: 4 });
  const survived = await killUntilDone(job, 6);
  expectNoneTwice(job, survived);
  expect(survived.tables.unit_events.some((event) => event['event'] === 'unknown')).toBe(true);
  await settleAndFinish(job);
});
