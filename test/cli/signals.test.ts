import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { findOrphans } from '../../src/platform/find-orphans.ts';
import { countStates, expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** A job of three rows that runs, its second row in hand until it is let go. */
async function startPaused(job: LedgerJob, args: readonly string[]) {
  job.act({ k2: 'pause' });
  const running = job.start(args);
  await waitFor('the second row is in hand', () => job.events('intent').includes(2) && !job.willAct('k2'));
  return running;
}

async function expectResumable(job: LedgerJob): Promise<void> {
  const listed = parseAnswer(await job.salvor(['list', '--json']));
  expect(pick(listed, 'jobs.0')).toMatchObject({ status: 'stopped', verdict: 'interrupted', recommended: 'resume' });
  const resumed = await job.salvor(['--choice', 'resume', '--yes', '--json']);
  expect(resumed.code, resumed.stdout).toBe(0);
  expect(job.ledger()).toHaveLength(3);
  expect(new Set(job.ledger()).size).toBe(3);
  expect(countStates(expectInvariants(job.state))).toEqual({ done: 3 });
}

for (const signal of SIGNALS) {
  test.concurrent(`${signal}: the row in hand is finished, and the job is left resumable`, async () => {
    await using job = await makeLedgerJob({ rowCount: 3 });
    await using running = await startPaused(job, ['run', 'job.yaml', '--json']);
    running.signal(signal);
    await waitFor('it says so', () => running.said().stderr.includes('Stopping after'));
    job.go();
    const ended = await running.ended;
    expect(ended.code).toBe(CODES[signal]);
    expect(pick(parseAnswer(ended), 'outcome')).toMatchObject({ status: 'stopped', exit_code: CODES[signal] });
    expect(job.ledger()).toHaveLength(2);
    await expectResumable(job);
  });

  test.concurrent(`${signal} in a recovery is the same`, async () => {
    await using job = await makeLedgerJob({ rowCount: 3, verify: true });
    job.act({ k1: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    await using running = await startPaused(job, ['--choice', 'resume', '--yes', '--json']);
    running.signal(signal);
    job.go();
    const ended = await running.ended;
    expect(ended.code).toBe(CODES[signal]);
    expect(pick(parseAnswer(ended), 'outcome')).toMatchObject({ status: 'stopped', exit_code: CODES[signal] });
    await expectResumable(job);
  });

  test.concurrent(`${signal} in the last row: it is through, so there is nothing to resume`, async () => {
    await using job = await makeLedgerJob({ rowCount: 2, verify: true });
    job.act({ k1: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    await using running = await startPaused(job, ['--choice', 'resume', '--yes', '--json']);
    running.signal(signal);
    job.go();
    const ended = await running.ended;
    expect(pick(parseAnswer(ended), 'outcome')).toMatchObject({ status: 'recovered', exit_code: 0 });
    expect(ended.code).toBe(0);
  });
}

test.concurrent.each([
  ['SIGINT', 'the keyboard sends it', 'command'],
  ['SIGINT', 'the keyboard sends it', 'worker'],
  ['SIGHUP', 'a terminal that is gone sends it', 'command'],
  ['SIGHUP', 'a terminal that is gone sends it', 'worker'],
] as const)(
  '%s to the whole process group, as %s: the row in hand of a %s is finished as well',
  async (signal, _who, kind) => {
    await using job = await makeLedgerJob({ rowCount: 3, kind });
    await using running = await startPaused(job, ['run', 'job.yaml']);
    running.signalGroup(signal);
    await waitFor('it says so', () => running.said().stderr.includes('Stopping after'));
    job.go();
    expect((await running.ended).code).toBe(CODES[signal]);
    expect(job.ledger()).toHaveLength(2);
    await expectResumable(job);
  },
);

test.concurrent('a stop while an orphan is waited for is a stop, and its steps are not done', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, verify: true });
  const first = await startPaused(job, ['run', 'job.yaml']);
  first.signal('SIGKILL');
  await first.ended;
  await using waiting = job.start(['--choice', 'resume', '--yes', '--json', '--orphans', 'wait']);
  await waitFor('it waits', () => waiting.said().stderr.includes('wait until what outlived'));
  waiting.signal('SIGTERM');
  const ended = await waiting.ended;
  expect({ code: ended.code, outcome: pick(parseAnswer(ended), 'outcome.status') }).toEqual({
    code: 143,
    outcome: 'stopped',
  });
  job.go();
  await waitFor('it is gone', () => findOrphans(job.runTokens()).length === 0);
  await expectResumable(job);
});

test.concurrent('a stop while a row waits to be tried again is a stop', async () => {
  await using job = await makeLedgerJob({
    rowCount: 3,
    more: 'retry: {attempts: 3, backoff: fixed, initial_delay: 1h}',
  });
  job.act({ k2: 'refuse' });
  await using running = job.start(['run', 'job.yaml', '--json']);
  await waitFor('it waits', () => job.events('retry').includes(2));
  running.signal('SIGINT');
  const ended = await running.ended;
  expect(pick(parseAnswer(ended), 'outcome')).toMatchObject({ status: 'stopped', exit_code: 130 });
  await expectResumable(job);
});

test.concurrent.each(['command', 'worker'] as const)(
  'SIGTERM to the whole process group ends the %s as well: its row is settled by the hook, the job is left resumable',
  async (kind) => {
    await using job = await makeLedgerJob({ rowCount: 3, kind, verify: true });
    await using running = await startPaused(job, ['run', 'job.yaml']);
    running.signalGroup('SIGTERM');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(143);
    await expectResumable(job);
  },
);

test.concurrent('a signal ends --all after the job in hand', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, verify: true });
  for (const name of ['First', 'Second']) {
    job.act({ k1: 'before' });
    await job.salvor(['run', 'job.yaml', '--name', name]);
  }
  await using running = await startPaused(job, ['--choice', 'resume', '--yes', '--json', '--all']);
  running.signal('SIGTERM');
  job.go();
  const ended = await running.ended;
  expect(ended.code).toBe(143);
  expect(pick(parseAnswer(ended), 'reports.length')).toBe(1);
  expect(pick(parseAnswer(await job.salvor(['list', '--json'])), 'total')).toBe(2);
});

test.concurrent.each([
  ['run', ['run', 'job.yaml']],
  ['resume', ['--choice', 'resume']],
] as const)('%s: SIGINT twice, as fast as a person presses it, ends the row in hand at once', async (what, args) => {
  await using job = await makeLedgerJob({ rowCount: 3, verify: true });
  if (what === 'resume') {
    job.act({ k1: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  }
  await using running = await startPaused(job, args);
  running.signal('SIGINT');
  // What is tested is the time between two presses.
  await delay(600);
  running.signal('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(job.ledger()).toHaveLength(1);
});
