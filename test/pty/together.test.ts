// Several processes at once: whoever is second is told who is first, and what is shown follows what is true.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { DOWN, ENTER, killAt, openRealConsole } from '../helpers/real-console.ts';
import { startSalvor } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';

test('two consoles on one job: the second is refused with the name of who holds it, and nothing is done twice', async () => {
  await using job = await makeLedgerJob({ rowCount: 4, verify: true });
  await killAt(job, 'k2', 'pause');
  job.act({ k3: 'pause' });
  using first = openRealConsole(job.state);
  using second = openRealConsole(job.state);
  await Promise.all([first.ready('Shipping'), second.ready('Shipping')]);
  await Promise.all([first.press('r', 'y agrees'), second.press('r', 'y agrees')]);
  await first.agree();
  await first.ready('2/4 rows');
  await second.agree();
  await second.ready('Refused: ', 'holds');
  expect(second.screen()).toMatch(/Refused: (LEASE_HELD|EVIDENCE_STALE|RUNNER_ALIVE)/);
  await second.press(ENTER, 'Verdict: running', 'not now: it is running');
  job.go();
  await first.ready('recovered to the end');
  await second.ready('Verdict: finished');
  expect(job.ledger()).toHaveLength(4);
  const refusals = queryStore(job.state, "SELECT code FROM audit WHERE outcome = 'refused'");
  expect(refusals).toHaveLength(1);
  expectInvariants(job.state);
});

test('console: a plan that went stale while it was shown is not carried out; what changed and the new plan are shown', async () => {
  await using job = await makeLedgerJob({ rowCount: 4 });
  await killAt(job, 'k2', 'pause');
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press('r', 'settle 1 row in doubt', 'y agrees');
  expect((await job.salvor(['settle', job.jobId(), 'k2', '--as', 'pending', '--reason', 'seen'])).code).toBe(0);
  await screen.agree();
  await screen.ready('Nothing was done. What changed:', '- row 2: in doubt -> pending', 'run 3 rows');
  await screen.press('y', 'the plan is another one now');
  expect(job.ledger()).toHaveLength(1);
  await screen.press(' ', 'y agrees');
  await screen.agree();
  await screen.ready('recovered to the end. 3 rows done now');
  expect(job.ledger()).toHaveLength(4);
});

test('console: while other processes change jobs the cursor stays on its job', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  for (const name of ['First', 'Second', 'Third']) {
    job.act({ k2: 'refuse' });
    await job.salvor(['run', 'job.yaml', '--name', name]);
  }
  using screen = openRealConsole(job.state);
  await screen.ready('3 jobs need attention', '> Third');
  await screen.press(DOWN, '> Second');
  job.act({ k3: 'refuse' });
  await job.salvor(['run', 'job.yaml', '--name', 'Newest']);
  await screen.ready('4 jobs need attention', '> Second', '  Newest');
  expect((await job.salvor(['--choice', 'cancel', '--job', 'Third', '--yes'])).code).toBe(0);
  await screen.waitFor((text) => text.includes('3 jobs need attention') && !text.includes('Third'));
  await screen.ready('> Second');
  await screen.press(ENTER, "Job 'Second' failed at row 2/3.");
  expect((await job.salvor(['--choice', 'cancel', '--job', 'Second', '--yes'])).code).toBe(0);
  await screen.ready('Verdict: cancelled', 'not now: it was cancelled');
});

test('console: opened before there is a store, it sees the first job come, run, and die', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  mkdirSync(job.state);
  using screen = openRealConsole(job.state);
  await screen.ready('No job needs attention');
  job.act({ k2: 'pause' });
  await using running = job.start(['run', 'job.yaml']);
  await screen.ready('Shipping', '~ running', '1/3');
  // The death of a runner changes no file.
  running.signalGroup('SIGKILL');
  await screen.ready('Shipping', '? in doubt');
});

test('console: opened beside its state directory that is not there yet, it sees the first job', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  const home = dirname(job.state);
  using screen = openRealConsole(undefined, { cwd: home, env: { XDG_STATE_HOME: home } });
  await screen.ready('No job needs attention');
  job.act({ k2: 'pause' });
  await using _running = startSalvor(['run', 'job.yaml', '--state', join(home, 'salvor')], { cwd: home });
  await screen.ready('Shipping', '~ running', '1/3');
});
