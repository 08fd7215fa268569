// A job that goes on while it is being stopped: whoever runs it, it stops after the row in hand and can be resumed.
import { expect, test } from 'vitest';
import { startFastJob } from '../helpers/fast-job.ts';
import { openRealConsole } from '../helpers/real-console.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const TIMES = Array.from({ length: 10 }, (_, at) => at + 1);

test.each(TIMES)('script: a job that does 50 rows a second is stopped, time %i of 10', async (time) => {
  // By somebody's run in a terminal, and by a detached one.
  const isDetached = time % 2 === 0;
  await using job = await startFastJob(isDetached ? ['--detach'] : []);
  const ended = await runSalvor(['--choice', 'stop', '--job', 'Fast', '--json', '--state', job.state]);
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  const answer = parseAnswer(ended);
  expect(answer).toMatchObject({ choice: 'stop', outcome: { status: 'stopped', exit_code: 0 } });
  expect(pick(answer, 'progress_after.done')).toBe(job.count('done'));
  expect(job.readStatus()).toBe('stopped');
  expect(job.count('in_doubt')).toBe(0);
  expect((await job.running.ended).code).toBe(isDetached ? 0 : 143);
});

test.each([1, 2, 3])('console: a job that does 50 rows a second is stopped, time %i of 3', async (time) => {
  await using job = await startFastJob(time === 2 ? ['--detach'] : []);
  using screen = openRealConsole(job.state);
  await screen.ready('~ running', 's stop');
  await screen.press('s', 'to stop after the row in hand', 'y agrees to the plan');
  const before = job.count('done');
  await waitFor('rows went on since the plan was made', () => job.count('done') > before + 2);
  await screen.agree();
  await screen.ready("Job 'Fast': stopped on request; it can be resumed.");
  expect(job.readStatus()).toBe('stopped');
  expect(job.count('in_doubt')).toBe(0);
  await screen.press('q', 'Fast', 'resume');
});

test('console: a job that nobody runs has no key for a stop, and s says why', async () => {
  await using job = await startFastJob();
  expect((await runSalvor(['--choice', 'stop', '--job', 'Fast', '--state', job.state])).code).toBe(0);
  using screen = openRealConsole(job.state);
  await screen.ready('Fast', 'r resume');
  expect(screen.screen()).not.toMatch(/\bs stop\b/);
  await screen.press('s', '[stop]', 'nobody runs it', 'RUNNER_MISSING');
});

test('stop and cancel at once: rows in hand are finished, and the job is cancelled once', async () => {
  await using job = await startFastJob();
  const say = (choice: string) => runSalvor(['--choice', choice, '--job', 'Fast', '--json', '--state', job.state]);
  const [stopped, cancelled] = await Promise.all([say('stop'), say('cancel')]);
  expect((await job.running.ended).code).toBe(143);
  expect(job.count('in_doubt')).toBe(0);
  const codes = { stopped: stopped.code, cancelled: cancelled.code };
  // Whoever is second is told that it is another job now, or what it came to; nobody is told what is not so.
  if (cancelled.code === 0) expect([0, 4, 6], stopped.stdout).toContain(stopped.code);
  else expect({ ...codes, status: job.readStatus() }).toEqual({ stopped: 0, cancelled: 6, status: 'stopped' });
  const cancels = queryStore(job.state, "SELECT outcome FROM audit WHERE action = 'cancel' AND outcome = 'done'");
  expect(cancels).toHaveLength(cancelled.code === 0 ? 1 : 0);
});
