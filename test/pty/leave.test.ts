// Leaving the console while a recovery runs: it stops when asked to, and goes on when it is left or its console dies.
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { CTRL_C, killAt, openRealConsole, type RealConsole, readReport, runUntil } from '../helpers/real-console.ts';
import { pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A console in which a killed job is being resumed; its row 4 waits for `go`. */
async function resumeInConsole(job: LedgerJob): Promise<RealConsole> {
  await killAt(job, 'k2', 'pause');
  job.act({ k4: 'pause' });
  const screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press('r', 'y agrees to the plan');
  await screen.agree();
  await screen.ready('3/5 rows', 'Last: row 3');
  return screen;
}

const readStatus = (job: LedgerJob): unknown => queryStore(job.state, 'SELECT status FROM jobs')[0]?.['status'];

/** Lets the row go on, and waits until the runner has done the rest and let go of the job. */
async function expectFinishedAlone(job: LedgerJob): Promise<void> {
  expect(readStatus(job)).toBe('running');
  job.go();
  await waitFor('the runner has finished the job', () => readStatus(job) === 'completed');
  await waitFor('the report is final', () => pick(readReport(job), 'outcome.status') === 'recovered');
  expect(job.ledger()).toHaveLength(5);
  expect(pick(readReport(job), 'progress_after.done')).toBe(5);
}

test('console: s stops a recovery after the row in hand, and the job can be resumed', async () => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  using screen = await resumeInConsole(job);
  await screen.press('q', 'stop after the row in hand');
  await screen.press('s', 'is stopping after the one in hand');
  job.go();
  await screen.ready("Job 'Shipping': stopped on request", 'choose resume', '3 rows done now, 4/5 in');
  expect(pick(readReport(job), 'outcome.status')).toBe('stopped');
  expect(job.ledger()).toHaveLength(4);
  expect(readStatus(job)).toBe('stopped');
  expect((await job.salvor(['--choice', 'resume', '--yes'])).code).toBe(0);
  expect(new Set(job.ledger()).size).toBe(5);
});

test('console: s while it waits for what outlived the runner is a stop on request, and the job can be resumed', async () => {
  await using job = await makeLedgerJob({ rowCount: 4, verify: true });
  await using running = await runUntil(job, 'k2', 'pause');
  running.signal('SIGKILL');
  await running.ended;
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press('r', 'Answer the question');
  await screen.press('w', 'y agrees to the plan');
  await screen.agree();
  await screen.ready('[>] wait until');
  await screen.press('q', 'stop after the row in hand');
  await screen.press('s', 'stopped on request', 'Next: choose resume');
  expect(screen.screen()).not.toContain('ran and failed');
  expect(pick(readReport(job), 'outcome.status')).toBe('stopped');
  job.go();
  expect((await job.salvor(['--choice', 'resume', '--yes', '--orphans', 'wait'])).code).toBe(0);
  expect(new Set(job.ledger()).size).toBe(4);
});

test('console: b leaves a recovery running; it outlives the console and finishes the job', async () => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  using screen = await resumeInConsole(job);
  await screen.press('q', 'leave it running');
  await screen.press('b', 'Shipping: goes on in the background.', '0 jobs need attention');
  screen.type('q');
  expect((await screen.exited()).code).toBe(0);
  expect(screen.screen()).toContain('Shipping: goes on in the background.');
  await expectFinishedAlone(job);
});

test('console: Ctrl+C asks, and b leaves the console at once with the recovery running', async () => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  using screen = await resumeInConsole(job);
  await screen.press(CTRL_C, 'The recovery is still running.');
  screen.type('b');
  expect((await screen.exited()).code).toBe(0);
  await expectFinishedAlone(job);
});

test('console: killed with SIGKILL, its recovery goes on and finishes the job', async () => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  using screen = await resumeInConsole(job);
  screen.kill('SIGKILL');
  await screen.exited();
  await expectFinishedAlone(job);
});

test.each([
  ['that is watched', false],
  ['that was left running', true],
])('console: a recovery %s goes on when the terminal hangs up', async (_which, isLeft) => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  using screen = await resumeInConsole(job);
  if (isLeft) {
    await screen.press('q', 'leave it running');
    await screen.press('b', 'goes on in the background');
  }
  screen.kill('SIGHUP');
  expect((await screen.exited()).code).toBe(129);
  await expectFinishedAlone(job);
});

test('console: SIGTERM during a recovery stops it after the row in hand and leaves with 143', async () => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  using screen = await resumeInConsole(job);
  screen.kill('SIGTERM');
  await screen.waitFor('is stopping after the one in hand');
  job.go();
  expect((await screen.exited()).code).toBe(143);
  expect(screen.activeBuffer()).toBe('normal');
  expect(screen.screen().replaceAll(/\s+/gu, '')).toContain('4/5inall.');
  expect(readStatus(job)).toBe('stopped');
  expect(job.ledger()).toHaveLength(4);
});
