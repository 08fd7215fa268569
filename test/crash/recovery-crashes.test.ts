import { describe, expect, test } from 'vitest';
import { dieAt, expectRecovered, POINTS, WRITE_BACK } from '../helpers/crash-matrix.ts';
import { countStates, expectInvariants } from '../helpers/invariants.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { queryStore, readTables } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** Points of a recovery that has a row to settle, rows to run and results to write back. */
const RECOVERY_POINTS = ['after-settle', ...POINTS.filter((point) => point !== 'after-import')];

describe.each(['command', 'worker'] as const)('a recovery of a %s', (kind) => {
  test.each(RECOVERY_POINTS)('dies at %s and is recovered', async (point) => {
    await using job = await makeLedgerJob({ rowCount: 4, kind, verify: true, more: WRITE_BACK });
    await dieAt(job, { point: 'after-effect', nth: 2 }, 'job.yaml');
    await dieAt(job, { point }, job.jobId());
    await expectRecovered(job);
  });

  test('dies at every point, one after the other, and is recovered', async () => {
    await using job = await makeLedgerJob({ rowCount: 30, kind, verify: true, more: WRITE_BACK });
    await dieAt(job, { point: 'after-effect', nth: 2 }, 'job.yaml');
    for (const point of RECOVERY_POINTS) await dieAt(job, { point }, job.jobId());
    await expectRecovered(job);
  });

  test('dies after every single row it settles, until it is through', async () => {
    await using job = await makeLedgerJob({ rowCount: 8, kind, concurrency: 8, verify: true });
    await dieAt(job, { point: 'after-effect' }, 'job.yaml');
    for (let left = countStates(readTables(job.state))['in_doubt'] ?? 0; left > 0; left -= 1) {
      await dieAt(job, { point: 'after-settle' }, job.jobId());
      expect(countStates(readTables(job.state))['in_doubt'] ?? 0).toBe(left - 1);
    }
    await expectRecovered(job);
  });
});

test('an import that dies is nowhere to be seen, and the next one takes its rows away', async () => {
  await using job = await makeLedgerJob({ rowCount: 200_000 });
  await using running = job.start(['run', 'job.yaml']);
  await waitFor('rows are in the store', () => isImporting(job.state));
  running.signalGroup('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
  const dead = readTables(job.state);
  expect(dead.jobs).toMatchObject([{ status: 'importing' }]);
  expect(dead.units.length).toBeLessThan(200_000);
  const listed = await job.salvor(['list', '--all', '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({ jobs: [], total: 0 });
  expect((await job.salvor(['--choice', 'resume', '--yes'])).code).toBe(4);
  await job.folder.write('rows.csv', 'id,customer\nk1,Ada\n');
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
  const after = expectInvariants(job.state);
  expect(after.jobs).toMatchObject([{ status: 'completed' }]);
  expect(after.units).toHaveLength(1);
  expect(after.unit_data).toHaveLength(1);
  expect(job.ledger()).toHaveLength(1);
});

function isImporting(state: string): boolean {
  try {
    return Number(queryStore(state, 'SELECT count(*) AS n FROM units')[0]?.['n'] ?? 0) > 0;
  } catch {
    // The store is just being made.
    return false;
  }
}
