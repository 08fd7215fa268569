import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readProcessStat } from '../../src/platform/process-probe.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { startSalvor } from '../helpers/salvor.ts';
import { alterStore, queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const FAULTY = fileURLToPath(new URL('../helpers/faulty-salvor.ts', import.meta.url));

/** Somebody else takes the job over, as after a heartbeat that came to its end. */
const TAKE_OVER = `INSERT INTO leases SELECT job_seq, epoch + 1, purpose, 'elsewhere', boot_id, pid_namespace, pid,
  pid_start_ticks, 'token', principal, acquired_at_ms, heartbeat_at_ms, NULL FROM leases`;

test.concurrent.each([
  ['command', 'before-spawn'],
  ['worker', 'after-intent'],
] as const)(
  'a runner that was stopped before an effect of its %s and taken over meanwhile does not begin it',
  async (kind, point) => {
    await using job = await makeLedgerJob({ rowCount: 3, kind });
    const nth = '2';
    const args = [job.state, point, nth, 'stop', 'job.yaml'];
    await using runner = startSalvor(args, { program: FAULTY, cwd: job.folder.path });
    await waitFor('it is stopped', () => readProcessStat(runner.pid)?.state === 'T');
    expect(job.ledger()).toHaveLength(1);
    expect(alterStore(job.state, TAKE_OVER)).toBe(1);
    runner.signal('SIGCONT');
    await runner.ended;
    expect(job.ledger()).toHaveLength(1);
    // Its row is left as it was, for whoever holds the job now.
    expect(queryStore(job.state, 'SELECT status FROM units WHERE number = 2')[0]).toEqual({ status: 'in_doubt' });
  },
);
