import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findOrphans } from '../../src/platform/find-orphans.ts';
import { expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { hashFiles } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A job that runs, its first row in hand until it is let go. */
async function startPaused(job: LedgerJob) {
  job.act({ k1: 'pause' });
  const running = job.start(['run', 'job.yaml', '--json']);
  await waitFor('the first row is in hand', () => job.events('intent').includes(1) && !job.willAct('k1'));
  return running;
}

const cancel = (job: LedgerJob, grace: string) => [
  '--choice',
  'cancel',
  '--job',
  job.jobId(),
  '--grace',
  grace,
  '--json',
];

test.concurrent('cancel: a runner that stops in time finishes its row, and then the job is cancelled', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  await using cancelling = job.start(cancel(job, '20s'));
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  job.go();
  const [runner, ended] = await Promise.all([running.ended, cancelling.ended]);
  expect(runner.code).toBe(143);
  expect(ended.code, ended.stderr).toBe(0);
  expect(pick(parseAnswer(ended), 'outcome')).toMatchObject({ status: 'cancelled', exit_code: 0 });
  expect(pick(parseAnswer(ended), 'progress_after')).toMatchObject({ done: 1, total: 3 });
  const { jobs } = expectInvariants(job.state);
  expect(jobs[0]?.['status']).toBe('cancelled');
  expect(job.ledger()).toHaveLength(1);
});

test.concurrent('cancel: a runner that does not stop is fenced, its child is ended, and its last word is not taken', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  const ended = await job.salvor(cancel(job, '200ms'));
  expect(ended.code, ended.stderr).toBe(0);
  const cancelled = expectInvariants(job.state);
  expect(cancelled.jobs[0]?.['status']).toBe('cancelled');
  const reports = hashFiles(`${job.state}/jobs`);
  // The runner finds out by itself, at its next heartbeat: nobody lets its row go.
  const runner = await running.ended;
  expect(runner.code, runner.stderr).toBe(6);
  expect(findOrphans(job.runTokens())).toEqual([]);
  expect(job.ledger()).toEqual([]);
  const after = expectInvariants(job.state);
  expect({ ...after, audit: [] }).toEqual({ ...cancelled, audit: [] });
  expect(hashFiles(`${job.state}/jobs`)).toEqual({ ...reports, [`${job.jobId()}/run.log`]: expect.anything() });
});

test.concurrent('cancel: a process that may not be the runner any more is fenced, and not asked anything', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  rmSync(`${job.state}/jobs/${job.jobId()}/lease.lock`);
  const ended = await job.salvor(cancel(job, '20s'));
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  expect(pick(parseAnswer(ended), 'plan.steps')).toMatchObject([
    { action: 'take_lease' },
    { action: 'mark_cancelled' },
  ]);
  job.go();
  expect((await running.ended).code).toBe(6);
  expect(running.said().stderr).not.toContain('Stopping after the rows in hand');
});

test.concurrent('cancel: the commit of a fenced runner is refused, and its row stays in doubt', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  expect((await job.salvor(cancel(job, '200ms'))).code).toBe(0);
  const cancelled = expectInvariants(job.state);
  job.go();
  expect((await running.ended).code).toBe(6);
  expect(job.ledger()).toHaveLength(1);
  const after = expectInvariants(job.state);
  expect(after.units).toEqual(cancelled.units);
  expect(after.units[0]?.['status']).toBe('in_doubt');
  expect(after.jobs).toEqual(cancelled.jobs);
});

test.concurrent('cancel: a recovery that was fenced is told so, and its report is not the last word', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, verify: true });
  job.act({ k1: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  job.act({ k2: 'pause' });
  await using resuming = job.start(['--choice', 'resume', '--yes', '--json']);
  await waitFor('the second row is in hand', () => job.events('intent').includes(2) && !job.willAct('k2'));
  expect((await job.salvor(cancel(job, '200ms'))).code).toBe(0);
  job.go();
  const ended = await resuming.ended;
  expect(ended.code, ended.stdout).toBe(6);
  expect(pick(parseAnswer(ended), 'outcome.exit_code')).toBe(6);
  const report = parseAnswer(await job.salvor(['report', job.jobId(), '--json']));
  expect(pick(report, 'choice')).toBe('cancel');
  expect(expectInvariants(job.state).jobs[0]?.['status']).toBe('cancelled');
});

test.concurrent.each([
  ['resume', 'JOB_CANCELLED'],
  ['restart', 'JOB_CANCELLED'],
  ['cancel', 'JOB_CANCELLED'],
])('a cancelled job stays cancelled: %s is exit 4', async (choice, code) => {
  await using job = await makeLedgerJob({ rowCount: 2 });
  job.act({ k1: 'before' });
  await job.salvor(['run', 'job.yaml']);
  expect((await job.salvor(cancel(job, '1s'))).code).toBe(0);
  const ended = await job.salvor(['--choice', choice, '--yes', '--json', '--job', job.jobId()]);
  expect({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }).toEqual({ exit: 4, code });
});
