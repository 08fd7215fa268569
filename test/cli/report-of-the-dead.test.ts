import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A job that died in row 2 and whose resume has settled it, has done row 3 and waits in row 4 of 5. */
async function makeResuming(more: readonly string[] = []) {
  const job = await makeLedgerJob({ keys: ['5', '4', '3', '2', '1'], verify: true });
  job.act({ 4: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  job.act({ 2: 'pause' });
  const resuming = job.start(['--choice', 'resume', ...more]);
  await waitFor('row 4 is in hand', () => job.events('intent').includes(4) && !job.willAct('2'));
  await waitFor('its report is begun', async () => (await job.salvor(['report', 'Shipping'])).code === 0);
  return { job, resuming };
}

function runnerPid(job: LedgerJob): number {
  return Number(queryStore(job.state, 'SELECT pid FROM leases ORDER BY epoch DESC LIMIT 1')[0]?.['pid']);
}

test.concurrent.each([[[]], [['--detach']]])(
  'the report of a recovery says that it goes on while it does, and that it did not get to its end once killed (%j)',
  async (more) => {
    const { job, resuming } = await makeResuming(more);
    await using _ = job;
    await using __ = resuming;
    expect((await job.salvor(['report', 'Shipping'])).stdout).toContain('started; it goes on');
    process.kill(runnerPid(job), 'SIGKILL');
    await resuming.ended;
    await waitFor(
      'it is dead',
      async () => pick(parseAnswer(await job.salvor(['show', 'Shipping', '--json'])), 'verdict') !== 'alive',
    );
    const { stdout } = await job.salvor(['report', 'Shipping']);
    expect(stdout).toContain("Job 'Shipping': did not get to its end: its process is gone");
    expect(stdout).not.toContain('goes on');
    expect(stdout).toContain('progress      1/5 before, 3/5 after');
    const answer = parseAnswer(await job.salvor(['report', 'Shipping', '--json']));
    expect(pick(answer, 'outcome')).toMatchObject({ status: 'failed', exit_code: 5, fate: 'broken_off' });
    expect(pick(answer, 'progress_after')).toMatchObject({ done: 3, in_doubt: 1 });
    expect(pick(answer, 'units')).toMatchObject({ completed_before: 1, completed_now: 2 });
    expect((await job.salvor(['report', 'Shipping', '--markdown'])).stdout).toContain('did not get to its end');
  },
);

test.concurrent('the report of a recovery that ended, and could not write that, says how it ended', async () => {
  const { job, resuming } = await makeResuming();
  await using _ = job;
  await using __ = resuming;
  const reports = `${job.state}/jobs/${job.jobId()}/reports`;
  // Nothing can be put where a file is in the way.
  rmSync(reports, { recursive: true });
  writeFileSync(reports, '');
  job.go();
  expect((await resuming.ended).code).toBe(0);
  const { stdout } = await job.salvor(['report', 'Shipping']);
  expect(stdout).toContain("Job 'Shipping': recovered to the end (its own last word could not be written).");
  expect(stdout).toContain('1/5 before, 5/5 after');
});
