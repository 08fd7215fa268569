/** Runners that live where nobody can ask them from here: what is said of it before anything is agreed to, and done then. */
import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { makeOtherUser } from '../helpers/other-user.ts';
import { type Ended, PROGRAM, parseAnswer, pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** Only root may make namespaces, and not in every container. */
const hasNamespaces = spawnSync('unshare', ['--uts', 'true']).status === 0;
const isRoot = process.geteuid?.() === 0;

type Place = { readonly name: string; readonly run: (...args: readonly string[]) => Promise<Ended> };

async function startPaused(job: LedgerJob) {
  job.act({ k1: 'pause' });
  const running = job.start(['run', 'job.yaml', '--json']);
  await waitFor('the first row is in hand', () => job.events('intent').includes(1) && !job.willAct('k1'));
  return running;
}

/** Looks, plans and then cancels from a place where the runner cannot be asked. */
async function expectOutOfReach(job: LedgerJob, { name, run }: Place): Promise<void> {
  for (const how of [['--dry-run'], []]) {
    const stop = await run('--choice', 'stop', '--json', ...how);
    expect({ how, code: stop.code, error: pick(parseAnswer(stop), 'error') }).toMatchObject({
      how,
      code: 3,
      error: { code: 'RUNNER_OUT_OF_REACH', message: expect.stringContaining(name) },
    });
  }
  expect(queryStore(job.state, "SELECT 1 FROM audit WHERE action = 'stop' AND outcome = 'done'")).toEqual([]);
  const shown = await run('show', job.jobId());
  expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(`runs job 'Shipping' ${name}`);
  const resume = await run('--choice', 'resume', '--json');
  expect(pick(parseAnswer(resume), 'error')).toMatchObject({
    code: 'RUNNER_ALIVE',
    message: expect.stringContaining(name),
  });
  const steps = [{ action: 'take_lease' }, { action: 'mark_cancelled' }];
  const warnings = expect.arrayContaining([
    { code: 'RUNNER_OUT_OF_REACH', message: expect.stringContaining(name) },
    { code: 'OUTCOMES_UNKNOWN', message: expect.stringContaining('1 row') },
  ]);
  const dry = await run('--choice', 'cancel', '--job', job.jobId(), '--json', '--dry-run');
  expect(pick(parseAnswer(dry), 'plan')).toMatchObject({ steps, warnings });
  const cancelled = await run('--choice', 'cancel', '--job', job.jobId(), '--json');
  expect(cancelled.code, cancelled.stderr).toBe(0);
  expect(pick(parseAnswer(cancelled), 'plan')).toMatchObject({ steps, warnings });
  expect(parseAnswer(cancelled)).toMatchObject({ progress_after: { in_doubt: 1 } });
}

test.runIf(hasNamespaces).concurrent.each([
  ['on another host', 'on the host', ['unshare', '--uts', 'sh', '-c', 'hostname beta && exec "$0" "$@"']],
  ['in another container', 'in another container', ['unshare', '--pid', '--fork', '--mount-proc']],
] as const)('a runner %s is never said to be asked', async (_where, name, [wrap, ...words]) => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  const [program = '', ...before] = words;
  const run = (...args: readonly string[]) =>
    job.salvor([...before, process.execPath, PROGRAM, ...args], { node: wrap, program });
  await expectOutOfReach(job, { name, run });
  job.go();
  await running.ended;
  expectInvariants(job.state);
});

test.runIf(isRoot).concurrent("another user's runner is never said to be asked", async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using other = await makeOtherUser();
  await using running = await startPaused(job);
  execFileSync('chmod', ['-R', 'a+rwX', job.folder.path]);
  const run = (...args: readonly string[]) => job.salvor(args, other);
  await expectOutOfReach(job, { name: 'as another user (uid 0)', run });
  job.go();
  await running.ended;
  expectInvariants(job.state);
});
