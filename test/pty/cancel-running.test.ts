// A job that goes on while it is being cancelled: whoever agreed, agreed to whom it is taken from, not to a count.
import { expect, test } from 'vitest';
import { startFastJob } from '../helpers/fast-job.ts';
import { openRealConsole } from '../helpers/real-console.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

const TIMES = Array.from({ length: 5 }, (_, at) => at + 1);

test.each(TIMES)('console: a job that does 50 rows a second is cancelled, time %i of 5', async () => {
  await using job = await startFastJob();
  using screen = openRealConsole(job.state);
  await screen.ready('~ running');
  await screen.press('X', 'At most', 'will not be done', 'y agrees to the plan');
  const before = job.count('done');
  await waitFor('rows went on since the plan was made', () => job.count('done') > before + 2);
  await screen.agree();
  await screen.ready("Job 'Fast': cancelled.");
  expect(job.readStatus()).toBe('cancelled');
  expect(job.count('in_doubt')).toBe(0);
  expect((await job.running.ended).code).toBe(143);
});

test.each(TIMES)('script: a job that does 50 rows a second is cancelled, time %i of 5', async (time) => {
  await using job = await startFastJob();
  // In this process and in one of its own.
  const where = time % 2 === 0 ? ['--detach'] : [];
  const ended = await runSalvor(['--choice', 'cancel', '--job', 'Fast', '--json', '--state', job.state, ...where]);
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  if (time % 2 === 1) expect(pick(parseAnswer(ended), 'outcome.status')).toBe('cancelled');
  await waitFor('the job is cancelled', () => job.readStatus() === 'cancelled');
  expect(job.count('in_doubt')).toBe(0);
  expect((await job.running.ended).code).toBe(143);
});
