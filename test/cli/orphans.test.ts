import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../src/platform/end-processes.ts';
import { findOrphans } from '../../src/platform/find-orphans.ts';
import { expectRefused } from '../helpers/guardrail.ts';
import { countStates, expectInvariants } from '../helpers/invariants.ts';
import { type Act, type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A job whose runner was killed alone while the command of its second row goes on. */
async function makeOrphanedJob(act: Act, kind: 'command' | 'worker' = 'command'): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, kind, verify: true });
  job.act({ k2: act });
  const running = job.start(['run', 'job.yaml']);
  await waitFor('the second row is in hand', () => job.events('intent').includes(2) && !job.willAct('k2'));
  running.signal('SIGKILL');
  await running.ended;
  return job;
}

/** What the runs of a job left behind. */
const findLeft = (job: LedgerJob) => findOrphans(job.runTokens());

const resume = (job: LedgerJob, ...more: readonly string[]) => [
  '--choice',
  'resume',
  '--yes',
  '--job',
  job.jobId(),
  ...more,
];

function expectAllOnce(job: LedgerJob): void {
  expect(job.ledger()).toHaveLength(3);
  expect(new Set(job.ledger()).size).toBe(3);
  expect(countStates(expectInvariants(job.state))).toEqual({ done: 3 });
  expect(findLeft(job)).toEqual([]);
}

describe.each(['command', 'worker'] as const)('a %s that outlived its runner', (kind) => {
  test.concurrent('is a reason to refuse, by pid and row; resume and restart change nothing', async () => {
    await using job = await makeOrphanedJob('pause', kind);
    const [orphan] = findLeft(job);
    const names = [String(orphan?.pid)];
    await expectRefused(job, resume(job), { code: 'ORPHAN_RUNNING', names, isAudited: true });
    await expectRefused(job, ['--choice', 'restart', '--yes', '--job', job.jobId()], {
      code: 'ORPHAN_RUNNING',
      names,
      isAudited: true,
    });
    expect(orphan && isAlive(orphan)).toBe(true);
    job.go();
    await waitFor('it is gone', () => findLeft(job).length === 0);
  });

  test.concurrent('is waited for with --orphans wait, and its row is settled after it', async () => {
    await using job = await makeOrphanedJob('pause', kind);
    await using resuming = job.start(resume(job, '--orphans', 'wait', '--json'));
    await waitFor('it waits', () => resuming.said().stderr.includes('wait until what outlived'));
    expect(job.ledger()).toHaveLength(1);
    job.go();
    const ended = await resuming.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(pick(parseAnswer(ended), 'units')).toMatchObject({ settled: 1, completed_now: 2 });
    expectAllOnce(job);
  });
});

describe.each([
  ['pause', 'a command'],
  ['stubborn', 'a command that ignores SIGTERM'],
  ['forked', 'a command with a process in a session of its own'],
] as const)('--orphans end (%s)', (act, what) => {
  test.concurrent(`${what} is ended, and only then are rows run`, async () => {
    await using job = await makeOrphanedJob(act);
    const before = findLeft(job);
    expect(before).toHaveLength(1);
    const ended = await job.salvor(resume(job, '--orphans', 'end', '--json'));
    expect(ended.code, ended.stderr).toBe(0);
    // Nothing is left that could act when it is let go.
    expect(findLeft(job)).toEqual([]);
    expect(existsSync(job.folder.at('go'))).toBe(false);
    job.go();
    expectAllOnce(job);
  });
});

test.concurrent('cancel leaves what outlived the runner alone, and says so', async () => {
  await using job = await makeOrphanedJob('pause');
  const ended = await job.salvor(['--choice', 'cancel', '--json', '--job', job.jobId()]);
  expect(ended.code).toBe(0);
  expect(pick(parseAnswer(ended), 'plan.warnings.2.code')).toBe('ORPHANS_LEFT');
  expect(findLeft(job)).toHaveLength(1);
  job.go();
  await waitFor('it is gone', () => findLeft(job).length === 0);
});

test.concurrent('a cancel names what it leaves at work and in doubt, to a script and in the text of its report', async () => {
  await using job = await makeOrphanedJob('pause');
  const [orphan] = findLeft(job);
  const ended = await job.salvor(['--choice', 'cancel', '--job', job.jobId()]);
  const unknown = 'The outcome of 1 row is not known: choose review.';
  const left = `ORPHANS_LEFT: orphan: process ${orphan?.pid} `;
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining(unknown) });
  expect(ended.stderr).toContain(left);
  const { stdout } = await job.salvor(['report', job.jobId()]);
  expect(stdout).toContain(unknown);
  expect(stdout).toContain('0 to review, 1 not settled');
  expect(stdout).toContain(left);
  job.go();
  await waitFor('it is gone', () => findLeft(job).length === 0);
});

test.concurrent('a stop while it waits for what outlived the runner names it, and the row in doubt', async () => {
  await using job = await makeOrphanedJob('pause');
  const [orphan] = findLeft(job);
  await using resuming = job.start(resume(job, '--orphans', 'wait'));
  await waitFor('it waits', () => resuming.said().stderr.includes('wait until what outlived'));
  const stopped = await job.salvor(['--choice', 'stop', '--yes', '--job', job.jobId()]);
  expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('The outcome of 1 row is not known') });
  const waited = await resuming.ended;
  expect(waited.stdout).toContain('The outcome of 1 row is not known');
  for (const { stderr } of [stopped, waited]) expect(stderr).toContain(`ORPHANS_LEFT: orphan: process ${orphan?.pid} `);
  job.go();
  await waitFor('it is gone', () => findLeft(job).length === 0);
});

test.concurrent('what dropped its environment, its session and its family is found by the descriptor it inherited', async () => {
  await using job = await makeLedgerJob({ rowCount: 1 });
  const wait = 'while [ ! -e go ]; do sleep 0.01; done';
  await job.folder.write(
    'ship.sh',
    `#!/bin/sh\n(env -i "PATH=$PATH" setsid sh -c ': > begun; ${wait}' >/dev/null 2>&1 &)\n${wait}\n`,
  );
  const running = job.start(['run', 'job.yaml']);
  await waitFor('the row is in hand', () => existsSync(job.folder.at('begun')));
  running.signalGroup('SIGKILL');
  await running.ended;
  // Its parent and the whole process group are gone, and it lives.
  const [orphan, ...others] = findLeft(job);
  expect({ others, unitNumber: orphan?.unitNumber }).toEqual({ others: [], unitNumber: 1 });
  const names = [String(orphan?.pid)];
  await expectRefused(job, resume(job), { code: 'ORPHAN_RUNNING', names, isAudited: true });
  job.go();
  await waitFor('it is gone', () => findLeft(job).length === 0);
});
