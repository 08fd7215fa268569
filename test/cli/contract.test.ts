import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecoveryReport } from '../../src/core/report/schema.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { readTables } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const JOB_KEYS = ['id', 'name', 'kind', 'source'];
const PROGRESS_KEYS = ['done', 'total', 'unit', 'failed', 'in_doubt', 'needs_review'];
const REPORT_KEYS = [
  'schema_version report_id correlation_id recovered_at recovered_at_unix_ms salvor_version host principal job choice',
  'strategy crash_detected crash_evidence prior_lifecycle_state prior_training_state replayed_audit_events',
  'replayed_actions checkpoint_source checkpoint_path checkpoint_run_id checkpoint_global_step',
  'checkpoint_optimizer_step diagnostics plan progress_before progress_after units objectives outcome',
].flatMap((line) => line.split(' '));
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function keysOf(value: unknown): readonly string[] {
  return Object.keys(value as object);
}

/** A job of four rows: one shipped, one in doubt when its runner died, two to do. */
async function makeDead(name: string, verify = false): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 4, name, verify });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

describe('the JSON of what only looks', () => {
  let job: LedgerJob;
  beforeAll(async () => {
    job = await makeDead('California Orders');
  });
  afterAll(() => job[Symbol.asyncDispose]());
  const ask = async (...args: readonly string[]) => parseAnswer(await job.salvor([...args, '--json']));

  test('list', async () => {
    const answer = await ask('list');
    expect(keysOf(answer)).toEqual(['schema_version', 'jobs', 'total']);
    const listed = pick(answer, 'jobs.0');
    expect(keysOf(listed)).toEqual([
      ...JOB_KEYS,
      ...'status verdict attention progress interrupted_at last_error checkpoint recommended objectives'.split(' '),
    ]);
    expect(keysOf(pick(listed, 'progress'))).toEqual(PROGRESS_KEYS);
    expect(listed).toEqual({
      id: job.jobId(),
      name: 'California Orders',
      kind: 'batch',
      source: 'native',
      status: 'running',
      verdict: 'interrupted',
      attention: 'in doubt',
      progress: { done: 1, total: 4, unit: 'row', failed: 0, in_doubt: 1, needs_review: 0 },
      interrupted_at: expect.stringMatching(ISO),
      last_error: null,
      checkpoint: null,
      recommended: 'resume',
      objectives: null,
    });
  });

  test('show', async () => {
    const answer = await ask('show', job.jobId());
    const top = 'schema_version job status verdict attention progress evidence diagnosis plans'.split(' ');
    expect(keysOf(answer)).toEqual(top);
    expect(keysOf(pick(answer, 'plans'))).toEqual(['resume', 'restart', 'stop', 'cancel', 'review']);
    const planKeys = ['type', 'digest', 'steps', 'warnings', 'questions', 'would_repeat'];
    for (const choice of ['resume', 'restart', 'cancel']) {
      expect(keysOf(pick(answer, `plans.${choice}`))).toEqual(planKeys);
    }
    expect(pick(answer, 'plans.review')).toEqual({ type: 'review', units: 1 });
  });

  test('review', async () => {
    const answer = await ask('--choice', 'review');
    expect(answer).toEqual({
      schema_version: 1,
      job: { id: job.jobId(), name: 'California Orders', kind: 'batch', source: 'native' },
      units: [
        {
          number: 2,
          key: 'k2',
          status: 'in_doubt',
          idempotency_key: `${job.jobId()}:1:2`,
          receipt: null,
          attempts: 1,
          started_at: expect.stringMatching(ISO),
          error: null,
        },
      ],
    });
  });

  test('audit', async () => {
    const answer = await ask('audit', 'California Orders');
    expect(keysOf(answer)).toEqual(['schema_version', 'job', 'valid', 'broken', 'replay', 'entries']);
    expect(pick(answer, 'entries.0')).toMatchObject({ sequence: 1, at: expect.stringMatching(ISO), action: 'run' });
  });

  test('--dry-run', async () => {
    const answer = await ask('--choice', 'restart', '--dry-run');
    expect(answer).toMatchObject({ schema_version: 1, dry_run: true, choice: 'restart', would_repeat: 1 });
    expect(pick(answer, 'confirmation_needed')).toBe(true);
    expect(pick(answer, 'plan.digest')).toBe(pick(await ask('--choice', 'restart', '--dry-run'), 'plan.digest'));
  });

  test('doctor', async () => {
    const answer = await ask('doctor');
    expect(keysOf(answer)).toEqual(['schema_version', 'salvor_version', 'healthy', 'checks']);
    expect(answer['healthy']).toBe(true);
  });

  test('the recovery prompt', async () => {
    const { stdout } = await job.salvor(['show', job.jobId(), '--prompt']);
    expect(stdout).toBe(
      [
        "Job 'California Orders' was interrupted at row 1/4.",
        '',
        'Last completed: Row 1 (tracking: 1Zk1)',
        'Remaining: 3 rows',
        '',
        'Rows requiring attention: 1 in-flight, 0 needs review',
        '',
        'Options:',
        '  [resume]  - Continue from where it stopped',
        '  [restart] - Start over from the beginning (may create duplicates!)',
        '  [cancel]  - Abandon this job',
        '  [review]  - Look at what needs attention',
        '',
      ].join('\n'),
    );
  });
});

describe('the JSON of what acts', () => {
  test.concurrent('run', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    const ended = await job.salvor(['run', 'job.yaml', '--json']);
    expect(ended.code).toBe(0);
    expect(parseAnswer(ended)).toEqual({
      schema_version: 1,
      job: { id: job.jobId(), name: 'Shipping', kind: 'batch', source: 'native' },
      directory: join(job.state, 'jobs', job.jobId()),
      progress: { done: 2, total: 2, unit: 'row', failed: 0, in_doubt: 0, needs_review: 0 },
      last_error: null,
      outcome: {
        status: 'completed',
        exit_code: 0,
        duration_ms: expect.any(Number),
        attempt: 1,
        engine_reference: null,
      },
    });
  });

  test.concurrent('a resume that leaves a row to review is exit 8; settled and resumed again it is 0', async () => {
    await using job = await makeDead('Orders');
    const ended = await job.salvor(['--choice', 'resume', '--yes', '--json']);
    expect(ended.code).toBe(8);
    const report = parseAnswer(ended);
    expect(keysOf(report)).toEqual(REPORT_KEYS);
    expect(RecoveryReport.safeParse(report).success).toBe(true);
    expect(report).toMatchObject({
      schema_version: 1,
      choice: 'resume',
      strategy: 'continue_units',
      crash_detected: true,
      prior_lifecycle_state: 'running',
      replayed_audit_events: 1,
      replayed_actions: ['run'],
      checkpoint_source: null,
      objectives: null,
      progress_before: { done: 1, total: 4, unit: 'row', failed: 0, in_doubt: 1, needs_review: 0 },
      progress_after: { done: 3, total: 4, unit: 'row', failed: 0, in_doubt: 0, needs_review: 1 },
      units: { completed_before: 1, completed_now: 2, settled: 0, needs_review: 1, failed: 0, would_repeat: 0 },
      outcome: { status: 'needs_review', exit_code: 8, attempt: 2, engine_reference: null },
    });
    const written = readFileSync(join(job.state, 'jobs', job.jobId(), 'recovery-report.json'), 'utf8');
    expect(JSON.parse(written)).toEqual(report);
    expect(parseAnswer(await job.salvor(['report', job.jobId(), '--json']))).toEqual(report);

    const again = await job.salvor(['--choice', 'resume', '--yes', '--json']);
    expect({ code: again.code, error: pick(parseAnswer(again), 'error.code') }).toEqual({
      code: 8,
      error: 'REVIEW_NEEDED',
    });
    const settled = await job.salvor([
      'settle',
      job.jobId(),
      'k2',
      '--as',
      'pending',
      '--reason',
      'not there',
      '--json',
    ]);
    expect(parseAnswer(settled)).toEqual({
      schema_version: 1,
      job: { id: job.jobId(), name: 'Orders', kind: 'batch', source: 'native' },
      units: [{ number: 2, key: 'k2', was: 'needs_review', now: 'pending' }],
      as: 'pending',
      receipt: null,
      reason: 'not there',
    });
    expect((await job.salvor(['--choice', 'resume', '--yes'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(4);
  });

  test.concurrent('--all: each job on its own, reports and refusals apart, the worst exit code', async () => {
    await using job = await makeDead('Good', true);
    job.act({ k2: 'before' });
    await job.salvor(['run', 'job.yaml', '--name', 'Other']);
    const ended = await job.salvor(['--choice', 'restart', '--all', '--json']);
    const answer = parseAnswer(ended);
    expect(ended.code).toBe(7);
    expect(keysOf(answer)).toEqual(['schema_version', 'reports', 'refused']);
    expect(pick(answer, 'reports')).toEqual([]);
    expect(pick(answer, 'refused.1')).toEqual({
      job: expect.objectContaining({ name: 'Good' }),
      error: expect.objectContaining({ code: 'CONFIRMATION_NEEDED' }),
    });
    const resumed = await job.salvor(['--choice', 'resume', '--all', '--yes', '--json']);
    expect(resumed.code).toBe(0);
    expect(pick(parseAnswer(resumed), 'reports.length')).toBe(2);
    expect((await job.salvor(['--choice', 'resume', '--all', '--yes'])).code).toBe(4);
  });

  test.concurrent('a restart asks for --yes, names the count, and gives every row a new key', async () => {
    await using job = await makeLedgerJob({ rowCount: 4, verify: true });
    job.act({ k3: 'before' });
    await job.salvor(['run', 'job.yaml']);
    const asked = await job.salvor(['--choice', 'restart', '--json']);
    expect({ code: asked.code, error: pick(parseAnswer(asked), 'error.code') }).toEqual({
      code: 7,
      error: 'CONFIRMATION_NEEDED',
    });
    expect(pick(parseAnswer(asked), 'error.message')).toContain(
      'WARNING: 2 rows already have tracking numbers. Restarting will create duplicate shipments for these rows.',
    );
    const ended = await job.salvor(['--choice', 'restart', '--yes', '--json']);
    expect(ended.code).toBe(0);
    expect(pick(parseAnswer(ended), 'units')).toMatchObject({ completed_now: 4, would_repeat: 2 });
    expect(job.ledger().filter((line) => line.startsWith('k1 '))).toEqual([
      `k1 ${job.jobId()}:1:1`,
      `k1 ${job.jobId()}:2:1`,
    ]);
  });

  test.concurrent('--detach: run and resume return once they have begun, and go on', async () => {
    await using job = await makeLedgerJob({ rowCount: 3, verify: true });
    job.act({ k2: 'pause' });
    const started = await job.salvor(['run', 'job.yaml', '--detach', '--json']);
    expect(started.code).toBe(0);
    expect(pick(parseAnswer(started), 'outcome')).toMatchObject({ status: 'started', exit_code: 0 });
    await waitFor('the second row is in hand', () => job.events('intent').includes(2) && !job.willAct('k2'));
    const [{ pid } = {}] = readTables(job.state).leases;
    process.kill(Number(pid), 'SIGKILL');
    job.go();
    await waitFor('the job is interrupted', () => job.ledger().length === 2);
    const resumed = await job.salvor(['--choice', 'resume', '--yes', '--detach', '--json', '--orphans', 'wait']);
    expect(resumed.code, resumed.stdout).toBe(0);
    expect(pick(parseAnswer(resumed), 'outcome')).toMatchObject({ status: 'started', exit_code: 0 });
    await waitFor('it is through', () => readTables(job.state).jobs[0]?.['status'] === 'completed');
    expect(new Set(job.ledger()).size).toBe(3);
    const report = join(job.state, 'jobs', job.jobId(), 'recovery-report.json');
    await waitFor('its report is written', () => readFileSync(report, 'utf8').includes('"recovered"'));
  });

  test.concurrent('--detach: a restart that has begun has done nothing yet; at its end it has done every row', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    job.act({ k2: 'refuse' });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    const started = await job.salvor(['--choice', 'restart', '--yes', '--detach', '--json']);
    expect(pick(parseAnswer(started), 'outcome.status'), started.stdout).toBe('started');
    expect(pick(parseAnswer(started), 'units')).toMatchObject({ completed_before: 1, completed_now: 0 });
    const report = join(job.state, 'jobs', job.jobId(), 'recovery-report.json');
    await waitFor('its report is written', () => readFileSync(report, 'utf8').includes('"recovered"'));
    expect(pick(JSON.parse(readFileSync(report, 'utf8')), 'units')).toMatchObject({ completed_now: 2 });
  });

  test.concurrent('a row that fails is exit 5 with its error, and a resume tries it again', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    job.act({ k1: 'refuse' });
    const ended = await job.salvor(['run', 'job.yaml', '--json']);
    expect(ended.code).toBe(5);
    const error = { code: 'E-3001', message: 'the carrier refuses' };
    expect(parseAnswer(ended)).toMatchObject({ last_error: error, outcome: { status: 'failed', exit_code: 5 } });
    const listed = parseAnswer(await job.salvor(['list', '--json']));
    expect(pick(listed, 'jobs.0')).toMatchObject({ verdict: 'failed', last_error: error });
    expect((await job.salvor(['--choice', 'resume', '--yes'])).code).toBe(0);
  });
});
