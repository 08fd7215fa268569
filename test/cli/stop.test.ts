import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SAME_STOP_MS } from '../../src/core/execution/judge-end.ts';
import { expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, hashFiles, queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A job that runs, its first row in hand until it is let go. */
async function startPaused(job: LedgerJob, args: readonly string[] = ['run', 'job.yaml', '--json']) {
  job.act({ k1: 'pause' });
  const running = job.start(args);
  await waitFor('the first row is in hand', () => job.events('intent').includes(1) && !job.willAct('k1'));
  return running;
}

const stop = (job: LedgerJob, ...more: readonly string[]) => [
  ...['--choice', 'stop', '--job', job.jobId(), '--json', '--reason', 'maintenance'],
  ...more,
];

const readAudit = async (job: LedgerJob) =>
  pick(parseAnswer(await job.salvor(['audit', job.jobId(), '--json'])), 'entries') as readonly {
    readonly action: string;
  }[];

test.concurrent('stop: the row in hand is finished, nobody takes the job, and it can be resumed', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  await using stopping = job.start(stop(job));
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  job.go();
  const [runner, ended] = await Promise.all([running.ended, stopping.ended]);
  expect(runner.code).toBe(143);
  expect(ended.code, ended.stderr).toBe(0);
  const report = parseAnswer(ended);
  expect(report).toMatchObject({
    choice: 'stop',
    outcome: { status: 'stopped', exit_code: 0 },
    progress_after: { done: 1, total: 3, in_doubt: 0 },
    plan: { steps: [{ action: 'stop_runner' }] },
  });
  const { jobs, leases } = expectInvariants(job.state);
  expect(jobs[0]?.['status']).toBe('stopped');
  expect(leases).toHaveLength(1);
  expect(parseAnswer(await job.salvor(['report', job.jobId(), '--json']))).toEqual(report);
  const digest = pick(report, 'plan.digest');
  expect(await readAudit(job)).toMatchObject([
    { action: 'run' },
    { action: 'stop', outcome: 'done', plan_digest: digest, details: { holder_epoch: 1, reason: 'maintenance' } },
    { action: 'stop_outcome', outcome: 'done', plan_digest: digest, details: { holder_epoch: 1, result: 'stopped' } },
  ]);
  expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
  expect(job.ledger()).toHaveLength(3);
});

test.concurrent('stop: a runner that needs longer than the grace still runs, and that is all that is said and done', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  const ended = await job.salvor(stop(job, '--grace', '200ms'));
  expect(ended.code, ended.stdout).toBe(6);
  const report = parseAnswer(ended);
  expect(report).toMatchObject({ outcome: { status: 'failed', exit_code: 6 } });
  expect(pick(report, 'diagnostics')).toContainEqual(expect.stringContaining('RUNNER_NOT_ENDED'));
  expect(queryStore(job.state, 'SELECT status FROM jobs')).toEqual([{ status: 'running' }]);
  expect(queryStore(job.state, 'SELECT epoch FROM leases')).toHaveLength(1);
  job.go();
  expect((await running.ended).code).toBe(143);
  expect(job.ledger()).toHaveLength(1);
});

test.concurrent('stop: the words of one that still runs say so', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  const ended = await job.salvor(['--choice', 'stop', '--grace', '100ms']);
  expect(ended.code).toBe(6);
  expect(ended.stdout).toContain("Job 'Shipping': was asked to stop and still runs; nothing else was done.");
  const pending = / asked process \d+ on .* \(epoch 1\) to stop at .*; it has not yet/;
  expect((await job.salvor(['show', job.jobId()])).stdout).toMatch(pending);
  expect((await job.salvor(['audit', job.jobId()])).stdout).toMatch(/ stop_outcome still running /);
  const shown = parseAnswer(await job.salvor(['show', job.jobId(), '--json']));
  expect(pick(shown, 'evidence.audit.stop_asked')).toMatchObject({ holder_epoch: 1, at: expect.any(String) });
  expect(pick(shown, 'diagnosis.findings')).toContainEqual({
    type: 'stop_pending',
    message: expect.stringMatching(pending),
  });
  job.go();
  await running.ended;
  // What stopped, or somebody else has since, was not left waiting.
  expect((await job.salvor(['show', job.jobId()])).stdout).not.toContain('it has not yet');
  expect((await job.salvor(['show', job.jobId()])).stdout).toContain('stopped on request');
});

test.concurrent('stop: a runner that is stopped by SIGSTOP is warned of, and not said to have stopped', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  running.signal('SIGSTOP');
  const ended = await job.salvor(stop(job, '--grace', '200ms'));
  expect(ended.code).toBe(6);
  expect(ended.stderr).toContain('The runner does not move');
  const woken = new RegExp(`is stopped \\(SIGSTOP\\).* kill -CONT ${running.pid} lets it go on`);
  expect(pick(parseAnswer(ended), 'diagnostics')).toContainEqual(
    expect.stringMatching(new RegExp(`NOT_ENDED.*${woken.source}`)),
  );
  const shown = await job.salvor(['show', job.jobId()]);
  expect(shown.stdout).toMatch(woken);
  expect(shown.stdout).toContain('it has not yet');
  expect(pick(parseAnswer(ended), 'plan.warnings')).toMatchObject([{ code: 'RUNNER_STALLED' }]);
  job.go();
  running.signal('SIGCONT');
  expect((await running.ended).code).toBe(143);
  expect(expectInvariants(job.state).jobs[0]?.['status']).toBe('stopped');
});

test.concurrent('stop: however many ask, and however far apart, the row in hand is finished', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  await using first = job.start(stop(job));
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  // What is tested is a second request that is no echo of the first.
  await delay(2 * SAME_STOP_MS);
  await using second = job.start(stop(job));
  await waitFor('it was asked again', () => countStops(job) === 2);
  await delay(2 * SAME_STOP_MS);
  job.go();
  const [one, other] = await Promise.all([first.ended, second.ended]);
  expect([one.code, other.code]).toEqual([0, 0]);
  expect((await running.ended).code).toBe(143);
  expect(expectInvariants(job.state).units[0]?.['status']).toBe('done');
});

const countStops = (job: LedgerJob) =>
  queryStore(job.state, "SELECT 1 FROM audit WHERE action = 'stop' AND outcome = 'done'").length;

test.concurrent('stop: a job that comes to its end before it stopped is told as ended', async () => {
  await using job = await makeLedgerJob({ rowCount: 1 });
  await using running = await startPaused(job);
  await using stopping = job.start(['--choice', 'stop']);
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  job.go();
  const ended = await stopping.ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout).toContain("Job 'Shipping': came to its end before it stopped.");
  expect((await running.ended).code).toBe(0);
});

test.concurrent('stop: whoever gives up waiting is told that it still runs; the runner stops all the same', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  await using stopping = job.start(['--choice', 'stop']);
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  stopping.signal('SIGINT');
  const ended = await stopping.ended;
  expect(ended.code, ended.stderr).toBe(130);
  expect(ended.stdout).toContain('was asked to stop and still runs');
  job.go();
  expect((await running.ended).code).toBe(143);
});

test.concurrent('stop: a runner that dies instead is told as that', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  await using stopping = job.start(stop(job));
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  running.signalGroup('SIGKILL');
  const ended = await stopping.ended;
  expect(ended.code).toBe(5);
  expect(pick(parseAnswer(ended), 'diagnostics')).toContainEqual(expect.stringContaining('without its last word'));
});

test.concurrent.each([
  ['in a terminal', []],
  ['in the background', ['--detach']],
] as const)('stop: a resume that somebody runs %s is stopped as a run is', async (_where, how) => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  job.act({ k2: 'before' });
  await job.salvor(['run', 'job.yaml']);
  await job.salvor(['settle', job.jobId(), 'k2', '--as', 'pending', '--reason', 'seen']);
  job.act({ k2: 'pause' });
  await using resuming = job.start(['--choice', 'resume', ...how]);
  await waitFor('the row is in hand', () => job.events('intent').length === 3 && !job.willAct('k2'));
  await using stopping = job.start(stop(job));
  await waitFor('it was asked', () => countStops(job) === 1);
  job.go();
  const ended = await stopping.ended;
  expect(ended.code, ended.stdout).toBe(0);
  expect(pick(parseAnswer(ended), 'progress_after')).toMatchObject({ done: 2, in_doubt: 0 });
  expect((await resuming.ended).code).toBe(how.length === 0 ? 143 : 0);
  expect(expectInvariants(job.state).jobs[0]?.['status']).toBe('stopped');
});

test.concurrent.each([
  ['is interrupted', 'RUNNER_MISSING', 4],
  ['is finished', 'JOB_FINISHED', 4],
  ['was cancelled', 'JOB_CANCELLED', 4],
])('stop: a job that %s is refused with %s, and nothing is changed but the refusal', async (what, code, exit) => {
  await using job = await makeLedgerJob({ rowCount: 2 });
  if (what !== 'is finished') job.act({ k1: 'before' });
  await job.salvor(['run', 'job.yaml']);
  if (what === 'was cancelled') await job.salvor(['--choice', 'cancel']);
  const before = hashFiles(`${job.state}/jobs`);
  const ended = await job.salvor(stop(job));
  expect({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }).toEqual({ exit, code });
  expect(Object.keys(hashFiles(`${job.state}/jobs`))).toEqual(Object.keys(before));
});

test.concurrent('stop without a job named: the only one that runs; none is exit 4', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  job.act({ k1: 'before' });
  await job.salvor(['run', 'job.yaml', '--name', 'Dead']);
  for (const how of [[], ['--all']]) {
    const none = await job.salvor(['--choice', 'stop', '--json', ...how]);
    const code = pick(parseAnswer(none), 'error.code');
    expect({ exit: none.code, code }).toEqual({ exit: 4, code: 'NOTHING_TO_RECOVER' });
  }
  await using running = await startPaused(job);
  await using stopping = job.start(['--choice', 'stop', '--all', '--json']);
  await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
  job.go();
  const ended = await stopping.ended;
  expect(ended.code, ended.stdout).toBe(0);
  expect(pick(parseAnswer(ended), 'reports')).toMatchObject([{ job: { name: 'Shipping' }, choice: 'stop' }]);
});

test.concurrent('stop: a dry run tells the step and asks nobody', async () => {
  await using job = await makeLedgerJob({ rowCount: 2 });
  await using running = await startPaused(job);
  const ended = await job.salvor(stop(job, '--dry-run'));
  expect(pick(parseAnswer(ended), 'plan.steps')).toMatchObject([{ action: 'stop_runner' }]);
  expect(countStops(job)).toBe(0);
  job.go();
  expect((await running.ended).code).toBe(0);
});

test.concurrent('stop --all: a running job whose audit chain is broken is named as one that cannot be stopped', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using running = await startPaused(job);
  alterStore(job.state, "UPDATE audit SET principal = 'eve' WHERE sequence = 1");
  const ended = await job.salvor(['--choice', 'stop', '--all', '--json']);
  expect(ended.code, ended.stderr).toBe(3);
  expect(parseAnswer(ended)).toMatchObject({ refused: [{ error: { code: 'AUDIT_BROKEN' } }] });
  expect(running.said().stderr).not.toContain('Stopping');
  job.go();
  await running.ended;
});
