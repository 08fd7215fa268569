import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** Every key is the number of another row, but for the middle one. */
const KEYS = ['5', '4', '3', '2', '1'];

/** A job Alpha3 that died in row 3, with two rows done. */
async function makeAlpha(more = ''): Promise<{ readonly job: LedgerJob; readonly id: string; readonly has: string }> {
  const job = await makeLedgerJob({ keys: KEYS, more });
  job.act({ 3: 'before' });
  expect((await job.salvor(['run', 'job.yaml', '--name', 'Alpha3'])).signal).toBe('SIGKILL');
  const id = job.jobId();
  const has = `Warning: job ${id} 'Alpha3' has these very rows and is not finished: interrupted, 2 of 5 rows done. This job does every row, those 2 too.`;
  return { job, id, has };
}

test.concurrent.each([[[]], [['--detach']]])(
  'run of rows that an interrupted job of another name has goes on, and says so before the first row (%j)',
  async (more) => {
    const { job, has } = await makeAlpha();
    await using _job = job;
    const other = await job.salvor(['run', 'job.yaml', '--name', 'Other', ...more]);
    expect([other.code, other.stderr]).toEqual([0, expect.stringMatching(/^Warning: .*\n/)]);
    expect(other.stderr.split('\n')[0]).toBe(has);
    await waitFor('it is through', () => job.ledger().length === 2 + 5);
  },
);

test.concurrent('what is said goes for a job that waits for a decision, cancelled or not, and for none that is finished', async () => {
  const { job, id } = await makeAlpha('on_error: continue');
  await using _job = job;
  expect((await job.salvor(['--choice', 'resume'])).code).toBe(8);
  const open = await job.salvor(['run', 'job.yaml', '--name', 'Other']);
  expect(open.stderr).toContain(`job ${id} 'Alpha3' has these very rows`);
  expect(open.stderr).toContain('4 of 5 rows done');
  expect((await job.salvor(['--choice', 'cancel', '--yes', '--job', id])).code).toBe(0);
  const third = await job.salvor(['run', 'job.yaml', '--name', 'Third']);
  expect(third.stderr).toContain(`job ${id} 'Alpha3' has these very rows and is not finished: cancelled, 4 of 5`);
  expect([third.code, third.stderr]).toEqual([0, expect.not.stringContaining("'Other'")]);
});

test.concurrent('where results go back into the file both have, that is said, and what is advised later can work', async () => {
  const { job, id, has } = await makeAlpha('write_back: {tracking: receipt, state: status}');
  await using _job = job;
  const other = await job.salvor(['run', 'job.yaml', '--name', 'Other']);
  const file = job.folder.at('rows.csv');
  expect(other.code).toBe(0);
  expect(other.stderr).toContain(`${has} Results of the two go into the same file, ${file}: a cell that both write`);
  expect(other.stderr).toContain(`salvor --choice resume --job ${id}`);
  const cancelled = await job.salvor(['--choice', 'cancel', '--yes', '--job', 'Alpha3']);
  expect([cancelled.code, cancelled.stderr]).toEqual([0, expect.not.stringContaining('does not say it yet')]);
  const units = await job.salvor(['units', id, '--csv', '--status', 'done']);
  expect([units.code, units.stdout]).toEqual([0, expect.stringMatching(/\n1,5,done,1Z5,.*\n2,4,done,1Z4,/)]);
  const again = await job.salvor(['write-back', id]);
  expect([again.code, again.stderr]).toEqual([0, '']);
});
