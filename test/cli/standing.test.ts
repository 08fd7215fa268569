/** How a job stands is said alike wherever it is said, and nothing is said that is not so. */
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

const KEYS = ['3', '2', '1'];

/** A recovery of a job that has a row in hand. */
async function recoverUpTo(job: LedgerJob, key: string) {
  job.act({ [key]: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  job.act({ [key]: 'pause' });
  expect((await job.salvor(['settle', job.jobId(), key, '--as', 'pending', '--reason', 'not there'])).code).toBe(0);
  const running = job.start(['--choice', 'resume']);
  await waitFor(`row ${key} is in hand`, () => !job.willAct(key));
  return running;
}

const list = async (job: LedgerJob, verdict: string) =>
  pick(parseAnswer(await job.salvor(['list', '--all', '--verdict', verdict, '--json'])), 'total');

test('a job that is recovered is running for whoever asks by the word that is shown, and its rows are in hand', async () => {
  await using job = await makeLedgerJob({ keys: KEYS, verify: true });
  await using _running = await recoverUpTo(job, '2');
  const shown = await job.salvor(['show', job.jobId()]);
  expect(shown.stdout).toContain('Verdict: running (recovering)');
  expect([await list(job, 'running'), await list(job, 'recovering'), await list(job, 'alive')]).toEqual([1, 1, 1]);
  expect(shown.stdout).toContain('in hand: 1 row begun by the runner');
  expect(shown.stdout).toContain('review: not now: no row waits for review; 1 is in hand of its runner');
  expect(shown.stdout).not.toMatch(/in doubt|requiring attention/);
  job.go();
});

describe('settling', () => {
  test.concurrent('the last row that failed ends the job well, and its error is gone', async () => {
    await using job = await makeLedgerJob({ keys: KEYS, more: 'on_error: continue' });
    job.act({ '2': 'refuse' });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    expect((await job.salvor(['settle', job.jobId(), '2', '--as', 'skipped', '--reason', 'void'])).code).toBe(0);
    const prompt = (await job.salvor(['show', job.jobId(), '--prompt'])).stdout;
    expect(prompt).toContain("Job 'Shipping' is finished with 2 of 3 rows done.");
    expect(prompt).toContain('Remaining: 0 rows, 1 skipped');
    expect(prompt).not.toContain('Last error');
    const listed = parseAnswer(await job.salvor(['list', '--all', '--json']));
    expect(pick(listed, 'jobs.0')).toMatchObject({ status: 'completed', verdict: 'finished', last_error: null });
    expect(await job.salvor(['--choice', 'review', '--job', job.jobId()])).toMatchObject({ code: 4, stdout: '' });
  });

  test.concurrent('a row of several that failed leaves the job failed', async () => {
    await using job = await makeLedgerJob({ keys: KEYS, more: 'on_error: continue' });
    job.act({ '3': 'refuse', '1': 'refuse' });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    expect((await job.salvor(['settle', job.jobId(), '--key', '3', '--as', 'done', '--reason', 'seen'])).code).toBe(0);
    expect(pick(parseAnswer(await job.salvor(['list', '--json'])), 'jobs.0')).toMatchObject({
      verdict: 'failed',
      recommended: 'resume',
    });
  });

  test.concurrent('a row of a job at its end as not done: it was not interrupted, and nothing of it failed', async () => {
    await using job = await makeLedgerJob({ keys: KEYS, more: 'on_error: continue', kind: 'worker' });
    job.act({ '2': 'recant' });
    await job.salvor(['run', 'job.yaml']);
    expect((await job.salvor(['settle', job.jobId(), '2', '--as', 'pending', '--reason', 'not there'])).code).toBe(0);
    const { stdout } = await job.salvor(['show', job.jobId()]);
    expect(stdout).toContain("Job 'Shipping' has 1 row to run again, 2 of 3 rows done.");
    expect(stdout).toContain('Verdict: interrupted: settled as not done, and not run again yet; recommended: resume');
    expect(stdout).toContain('Resume will run row 2 again.');
    expect(stdout).not.toContain('was interrupted');
  });
});

test('a plan that asks the verify hook names the rows that may run again', async () => {
  await using job = await makeLedgerJob({ keys: KEYS, verify: true });
  job.act({ '1': 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  const plan = parseAnswer(await job.salvor(['--choice', 'resume', '--dry-run', '--json']));
  expect(pick(plan, 'plan.steps.2')).toEqual({
    action: 'run_units',
    detail: 'run what the verify hook says is not done: at most 1 row',
  });
});

test('what stands in the way of several jobs names each', async () => {
  await using job = await makeLedgerJob({ keys: KEYS });
  job.act({ '2': 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  const id = job.jobId();
  const named = `Job ${id} 'Shipping': `;
  const plan = await job.salvor(['--choice', 'restart', '--all', '--dry-run']);
  expect(plan.stdout).toContain(`Would restart job ${id} 'Shipping' (plan `);
  const refused = await job.salvor(['--choice', 'restart', '--all']);
  expect(refused).toMatchObject({
    code: 7,
    stderr: expect.stringContaining(`${named}WARNING: 1 row already has a tracking number.`),
  });
  const one = await job.salvor(['--choice', 'restart', '--all', '--json']);
  expect(pick(parseAnswer(one), 'refused.0.error.code')).toBe('CONFIRMATION_NEEDED');
});
