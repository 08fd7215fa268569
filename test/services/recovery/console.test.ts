// The console over a store in PostgreSQL: the same screens, on a real terminal, over a job that was really killed.
import { expect, test } from 'vitest';
import { countStates, expectInvariants } from '../../helpers/invariants.ts';
import { makeLedgerJob } from '../../helpers/ledger-job.ts';
import { ENTER, killAt, openRealConsole } from '../../helpers/real-console.ts';
import { makeStoreUrl, openStore } from '../helpers/postgres-store.ts';

test('every view of a job, its plan, the recovery and its report, and changes made elsewhere', async () => {
  const url = makeStoreUrl();
  const secret = url.replace('//postgres@', '//postgres:sesame@');
  await using job = await makeLedgerJob({ rowCount: 6, verify: true, store: url });
  await killAt(job, 'k3', 'pause');
  job.act({ k5: 'pause' });
  using screen = openRealConsole(secret, { columns: 120, rows: 40 });
  await screen.ready('1 job needs attention', 'Shipping', 'interrupted', '2/6', 'resume');
  await screen.press(ENTER, "Job 'Shipping' was interrupted at row 2/6.", 'Last completed: Row 2 (tracking: 1Zk2)');
  await screen.press(ENTER, 'settle 1 row in doubt: 1 by the verify hook', 'run 3 rows', 'y agrees to the plan');
  await screen.agree();
  await screen.ready('4/6 rows', '[>] run 3 rows');
  job.go();
  await screen.ready('recovered to the end. 4 rows done now, 6/6 in all.', 'back to the jobs');
  await screen.press(ENTER, 'No job needs attention');
  expect(new Set(job.ledger()).size).toBe(6);
  expect(countStates(expectInvariants(url))).toEqual({ done: 6 });

  // What another host records is shown without a key.
  await using other = openStore(url);
  await other.change(job.jobId(), {}, () => ({
    change: { atMs: Date.now(), end: { status: 'failed', error: { code: 'E-9', message: 'said elsewhere' } } },
    answer: undefined,
  }));
  await screen.ready('1 job needs attention', 'said elsewhere');
  await screen.press(ENTER, 'Last error: E-9: said elsewhere');
  await screen.press('2', 'k3', '1Zk6');
  await screen.press('3', 'recorded as failed');
  await screen.press('4', 'begun run by local:', 'begun resume by local:');
  await screen.press('5', 'The log is empty.');
  await screen.press('q', '1 job needs attention');
  screen.type('q');
  expect(await screen.exited()).toEqual({ code: 0, signal: undefined });
  expect(screen.output()).not.toContain('sesame');
});
