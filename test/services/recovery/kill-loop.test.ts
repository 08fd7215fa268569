import { expect, test } from 'vitest';
import { expectAllOnce, expectNoneTwice, killUntilDone, settleAndFinish } from '../../helpers/kill-loop.ts';
import { makeLedgerJob } from '../../helpers/ledger-job.ts';
import { makeStoreUrl } from '../helpers/postgres-store.ts';

const KILLS = 50;
const TIMEOUT_MS = 900_000;

test(
  'with a verify hook: after 50 deaths every row is shipped exactly once',
  async () => {
    const options = { rowCount: 200, kind: 'command', concurrency: 1, verify: true } as const;
    await using job = await makeLedgerJob({ ...options, store: makeStoreUrl() });
    const survived = await killUntilDone(job, KILLS);
    expect(survived.deaths).toBe(KILLS);
    expectAllOnce(job, survived);
  },
  TIMEOUT_MS,
);

test(
  'without a hook, 4 at a time: after 50 deaths no row is shipped twice, and what is missing waits for a person',
  async () => {
    const options = { rowCount: 600, kind: 'worker', concurrency: 4 } as const;
    await using job = await makeLedgerJob({ ...options, store: makeStoreUrl() });
    const survived = await killUntilDone(job, KILLS);
    expect(survived.deaths).toBe(KILLS);
    expectNoneTwice(job, survived);
    await settleAndFinish(job);
  },
  TIMEOUT_MS,
);
