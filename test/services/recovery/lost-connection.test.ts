/** Runs whose connection to the store is lost: nothing further is begun, and what was in hand is in doubt. */
import { expect, test } from 'vitest';
import { countStates, expectInvariants } from '../../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../../helpers/ledger-job.ts';
import { runUntil } from '../../helpers/real-console.ts';
import { parseAnswer, pick } from '../../helpers/salvor.ts';
import { queryStore } from '../../helpers/state.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { startPostgres } from '../helpers/postgres-server.ts';
import { makeStoreUrl, terminateHolders } from '../helpers/postgres-store.ts';

const RESUME = ['--choice', 'resume', '--yes', '--json'];

/** Every row is in the ledger once, by the number of the job's rows. */
function expectOnce(job: LedgerJob): void {
  expect(job.ledger().length).toBe(job.rowCount);
  expect(new Set(job.ledger().map((line) => line.split(' ')[0])).size).toBe(job.rowCount);
}

test('a session ended while a row is in hand: the run says so, begins no other row, and leaves that one in doubt', async () => {
  const url = makeStoreUrl();
  await using job = await makeLedgerJob({ rowCount: 6, verify: true, store: url });
  await using running = await runUntil(job, 'k3', 'pause');
  expect(await terminateHolders(url)).toBe(1);
  job.go();
  const { code, stderr } = await running.ended;
  expect(stderr).toMatch(/STATE_UNREACHABLE: .*the connection is lost/);
  expect(code).toBe(5);
  expect(job.ledger().length).toBeLessThanOrEqual(3);
  expect(countStates(expectInvariants(url))).toEqual({ done: 2, in_doubt: 1, pending: 3 });
  const resumed = await job.salvor(RESUME);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(countStates(expectInvariants(url))).toEqual({ done: 6 });
  expectOnce(job);
});

test('a runner that waits for a long row learns of the loss by its heartbeat, without the row', async () => {
  const url = makeStoreUrl();
  await using job = await makeLedgerJob({ rowCount: 3, verify: true, store: url });
  await using running = await runUntil(job, 'k2', 'pause');
  await terminateHolders(url);
  // Nobody lets the row go on: the runner ends it.
  const { code, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('STATE_UNREACHABLE') });
  job.go();
  expect((await job.salvor(RESUME)).code).toBe(0);
  expectOnce(job);
});

const RUNS = 20;

test(`a server that dies in the middle of ${RUNS} runs and starts again: no row is lost, and none done twice`, async () => {
  using server = await startPostgres();
  const jobs = await Promise.all(
    Array.from({ length: RUNS }, (_, at) =>
      makeLedgerJob({ rowCount: 8, verify: true, name: `Shipping ${at + 1}`, store: server.url }),
    ),
  );
  try {
    for (const job of jobs) job.act({ k4: 'pause' });
    const runs = jobs.map((job) => job.start(['run', 'job.yaml', '--json']));
    for (const [at, job] of jobs.entries())
      await waitFor(`run ${at + 1} is at row 4`, () => !job.willAct('k4'), 120_000);
    server.stop('kill');
    for (const job of jobs) job.go();
    for (const run of runs) {
      const ended = await run.ended;
      expect(ended.code, ended.stderr).toBe(5);
      expect(pick(parseAnswer(ended), 'last_error.code')).toBe('STATE_UNREACHABLE');
    }
    server.start();
    const states = countStates(expectInvariants(server.url));
    expect(states).toEqual({ done: RUNS * 3, in_doubt: RUNS, pending: RUNS * 4 });
    // Any host that has the files recovers all of them.
    const [first] = jobs;
    const ended = await first?.salvor(['--choice', 'resume', '--all', '--yes', '--json']);
    expect(ended?.code, ended?.stderr).toBe(0);
    expect(countStates(expectInvariants(server.url))).toEqual({ done: RUNS * 8 });
    for (const job of jobs) expectOnce(job);
    expect(queryStore(server.url, 'SELECT max(epoch) AS epoch FROM leases')).toEqual([{ epoch: 2 }]);
  } finally {
    for (const job of jobs) await job[Symbol.asyncDispose]();
  }
});
