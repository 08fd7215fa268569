// The console as an operator uses it: real jobs, really killed, recovered on a real terminal.
import { existsSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { DOWN, ENTER, ESCAPE, killAt, openRealConsole, readReport, runUntil } from '../helpers/real-console.ts';
import { pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const RESTORED = ['\u001b[?1049l', '\u001b[?25h', '\u001b[?2004l'];

test('console: a killed job is resumed from the list, seen to run, and leaves with its report', async () => {
  await using job = await makeLedgerJob({ rowCount: 6, verify: true });
  await killAt(job, 'k3', 'pause');
  job.act({ k5: 'pause' });
  using screen = openRealConsole(job.state);
  await screen.ready('1 job needs attention', 'Shipping', 'interrupted', '2/6', 'resume');
  await screen.press(ENTER, "Job 'Shipping' was interrupted at row 2/6.", 'Last completed: Row 2 (tracking: 1Zk2)');
  await screen.press(ENTER, 'settle 1 row in doubt: 1 by the verify hook', 'run 3 rows', 'y agrees to the plan');
  await screen.agree();
  await screen.ready('4/6 rows', 'Last: row 4 (k4), receipt 1Zk4', '[>] run 3 rows');
  expect(job.ledger().length).toBe(4);
  job.go();
  await screen.ready('recovered to the end. 4 rows done now, 6/6 in all.', 'Next: nothing is left', 'back to the jobs');
  const report = readReport(job);
  expect(pick(report, 'outcome.status')).toBe('recovered');
  expect(pick(report, 'progress_after.done')).toBe(job.ledger().length);
  expect(new Set(job.ledger()).size).toBe(6);
  await screen.press(ENTER, 'No job needs attention', 'recovered to the end');
  screen.type('q');
  expect(await screen.exited()).toEqual({ code: 0, signal: undefined });
  const last = screen.screen().replaceAll('\n', '');
  expect(last).toContain(`Report: ${job.state}/jobs/${job.jobId()}/recovery-report.json`);
  for (const sequence of RESTORED) expect(screen.output()).toContain(sequence);
  expectInvariants(job.state);
});

test('console: restart wants the name in full; another text does nothing, the right one starts generation 2', async () => {
  await using job = await makeLedgerJob({ rowCount: 4 });
  await killAt(job, 'k3', 'pause');
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press('R', 'WARNING: 2 rows already have tracking numbers.', 'create duplicate', 'type the name of');
  await screen.press(`ship${ENTER}`, 'That is not the name of the job; nothing was done.', '> ship_');
  expect(job.ledger().length).toBe(2);
  job.go();
  await screen.press(`\u0015Shipping${ENTER}`, 'recovered to the end. 4 rows done now, 4/4 in all.');
  const generations = job.ledger().map((line) => line.split(':')[1]);
  expect(generations).toEqual(['1', '1', '2', '2', '2', '2']);
  expect(pick(readReport(job), 'units.would_repeat')).toBe(2);
});

test('console: an interrupted job is cancelled; the row that was begun is never done', async () => {
  await using job = await makeLedgerJob({ rowCount: 4 });
  await killAt(job, 'k3', 'pause');
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press(
    'X',
    '1 row will not be done.',
    'The outcome of 1 row is not known',
    'record the job as cancelled',
  );
  await screen.agree();
  await screen.ready("Job 'Shipping': cancelled.", 'Next: choose review: the outcome of 1 row is not known');
  await screen.press(ENTER, '? in doubt', "Job 'Shipping': cancelled.", 'Shipping: cancelled (1 in doubt)');
  expect(job.ledger().length).toBe(2);
  expect(pick(readReport(job), 'outcome.status')).toBe('cancelled');
});

test('console: a living job is cancelled after the row in hand; resume of it says who runs it', async () => {
  await using job = await makeLedgerJob({ rowCount: 4 });
  await using running = await runUntil(job, 'k2', 'pause');
  using screen = openRealConsole(job.state);
  await screen.ready('0 jobs need attention, 1 running', '~ running', '(1 in hand)');
  await screen.press('r', 'not now: it is running', `process ${running.pid} on`, 'RUNNER_ALIVE', 'X abandons the');
  await screen.press('X', `ask the runner (process ${running.pid} on`, 'to stop after the row in');
  await screen.agree();
  await screen.ready('[>] ask the runner');
  await screen.press('q', 'The job is still being cancelled.');
  expect(screen.screen()).not.toContain('stop after the row in hand;');
  await screen.press('w', '[>] ask the runner');
  job.go();
  await screen.ready("Job 'Shipping': cancelled.");
  expect((await running.ended).code).not.toBe(0);
  expect(job.ledger().length).toBe(2);
  expect(queryStore(job.state, 'SELECT status FROM jobs')[0]?.['status']).toBe('cancelled');
});

test('console: rows in doubt are settled as done, pending and skipped with reasons, and resume respects each', async () => {
  await using job = await makeLedgerJob({ rowCount: 6, concurrency: 3 });
  job.act({ k1: 'pause', k2: 'pause', k3: 'hold' });
  await using running = job.start(['run', 'job.yaml']);
  await waitFor('three rows have begun', () => ['k1', 'k2', 'k3'].every((key) => !job.willAct(key)));
  await waitFor('row 3 has a receipt', () => job.events('receipt').includes(3));
  running.signalGroup('SIGKILL');
  await running.ended;
  using screen = openRealConsole(job.state);
  await screen.ready('3 in doubt');
  await screen.press('v', '3 rows to decide about', 'receipt 1Zk3');
  await screen.press('s', 'Settle row 1 (k1), in doubt');
  await screen.press('p', 'Settle it as pending');
  await screen.press(ENTER, 'A reason is needed');
  await screen.press(
    `the carrier knows nothing${ENTER}`,
    '2 rows to decide about',
    '>       2 k2',
    'Row 1 (k1) is pending',
  );
  await screen.press('s', 'Settle row 2 (k2)');
  await screen.press('x', 'Settle it as skipped');
  await screen.press(`customer left${ENTER}`, '1 row to decide about');
  await screen.press('s', 'Settle row 3 (k3)');
  await screen.press('d', '> Receipt (may stay empty): 1Zk3_');
  await screen.press(`${ENTER}seen there${ENTER}`, 'Nothing waits for a decision any more');
  job.go();
  await screen.press(ESCAPE, 'interrupted with 1 of 6 rows done', 'Remaining: 4 rows');
  await screen.press('r', 'run 4 rows');
  await screen.agree();
  await screen.ready('recovered to the end. 4 rows done now, 5/6 in all.');
  expect(
    job
      .ledger()
      .map((line) => line.split(' ')[0])
      .toSorted(),
  ).toEqual(['k1', 'k3', 'k4', 'k5', 'k6']);
  const reasons = queryStore(job.state, "SELECT details FROM audit WHERE action = 'settle'").map(
    (row) => row['details'],
  );
  for (const reason of ['the carrier knows nothing', 'customer left', 'seen there']) {
    expect(reasons.filter((details) => String(details).includes(reason)).length).toBe(1);
  }
});

test.each([
  ['e', 'end what outlived the runner', 3],
  ['w', 'wait until what outlived the runner', 4],
])('console: what outlived its runner is asked about, and %s answers', async (key, step, shipped) => {
  await using job = await makeLedgerJob({ rowCount: 4 });
  await using running = await runUntil(job, 'k2', 'pause');
  running.signal('SIGKILL');
  await running.ended;
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press(ENTER, '! orphan: process', 'still works');
  await screen.press('r', 'Question', 'Answer the question to go on: e or w.');
  await screen.press('y', 'a question is open; answer first');
  await screen.press(key, step, 'y agrees to the plan');
  expect(screen.screen()).not.toContain('answer first');
  await screen.agree();
  if (key === 'w') {
    await screen.ready('[>] wait until');
    job.go();
  }
  await screen.ready('ran to its end; 1 row waits for review', 'choose review');
  expect(job.ledger().length).toBe(shipped);
  expect(existsSync(`${job.state}/jobs/${job.jobId()}/recovery-report.json`)).toBe(true);
});

test('console: Down and Enter in one read open the job that is below the first', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await killAt(job, 'k2', 'pause');
  job.act({ k1: 'refuse' });
  await job.salvor(['run', 'job.yaml', '--name', 'Second']);
  using screen = openRealConsole(job.state);
  await screen.ready('2 jobs need attention', '> Shipping');
  await screen.press(`${DOWN}${ENTER}`, "Job 'Second' failed");
});

test('console: after a settle it says that the rows file was not written, and what was done, also when it is left', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, more: 'write_back: {receipt: receipt}' });
  await killAt(job, 'k1', 'pause');
  rmSync(job.folder.at('rows.csv'));
  using screen = openRealConsole(job.state);
  await screen.ready('1 in doubt');
  await screen.press('v', '1 row to decide about');
  await screen.press('s', 'What is true about it?');
  await screen.press('p', 'Settle it as pending');
  await screen.press(`not there${ENTER}`, 'Row 1 (k1) is pending now', 'ROWS_FILE_MISSING');
  await screen.press('q', 'Recovery prompt');
  await screen.press('q', '1 job needs attention');
  screen.type('q');
  await screen.waitFor('1 row settled.');
  expect((await screen.exited()).code).toBe(0);
  expect(screen.screen()).toContain('ROWS_FILE_MISSING');
});
