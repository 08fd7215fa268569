import { describe, expect, it } from 'vitest';
import { translateProgress } from '../../../src/core/families/build-report.ts';
import { RecoveryReport } from '../../../src/core/report/schema.ts';
import { buildSampleReport, SAMPLE_RESULT } from '../../helpers/build-sample-report.ts';
import { SAMPLE_ORPHANS } from '../../helpers/evidence-builders.ts';
import { sampleEvidence } from '../../helpers/sample-evidence.ts';

/** The table of the contract, from the top. Source: contract, recovery-report.json. */
const CONTRACT_FIELDS = [
  ...['schema_version', 'report_id', 'correlation_id', 'recovered_at', 'recovered_at_unix_ms'],
  ...['salvor_version', 'host', 'principal', 'job', 'choice', 'strategy', 'crash_detected', 'crash_evidence'],
  ...['prior_lifecycle_state', 'prior_training_state', 'replayed_audit_events', 'replayed_actions'],
  ...['checkpoint_source', 'checkpoint_path', 'checkpoint_run_id', 'checkpoint_global_step'],
  ...['checkpoint_optimizer_step', 'diagnostics', 'plan', 'progress_before', 'progress_after', 'units', 'objectives'],
  'outcome',
];

describe('buildReport', () => {
  it('has every field of the contract, in its order, and null for what is absent', () => {
    expect(buildSampleReport()).toMatchInlineSnapshot(`
      {
        "checkpoint_global_step": null,
        "checkpoint_optimizer_step": null,
        "checkpoint_path": null,
        "checkpoint_run_id": null,
        "checkpoint_source": null,
        "choice": "resume",
        "correlation_id": "correlation-1",
        "crash_detected": true,
        "crash_evidence": [
          {
            "fact": "recorded_status",
            "value": "running",
          },
          {
            "fact": "holder",
            "value": "shipping-1 pid 4711 epoch 1",
          },
          {
            "fact": "lock",
            "value": "free",
          },
          {
            "fact": "boot",
            "value": "same",
          },
          {
            "fact": "process",
            "value": "gone",
          },
          {
            "fact": "last_heartbeat",
            "value": "2026-03-01T10:01:29.000Z",
          },
        ],
        "diagnostics": [
          "crashed: process 4711 on shipping-1 (epoch 1) is dead: its lock is free",
          "failed: 1 row",
          "access: no policy is named, so every action is allowed to everybody",
        ],
        "host": "shipping-1",
        "job": {
          "id": "job-california",
          "kind": "batch",
          "name": "California Orders",
          "source": "native",
        },
        "objectives": null,
        "outcome": {
          "attempt": 2,
          "duration_ms": 61000,
          "engine_reference": null,
          "exit_code": 0,
          "status": "recovered",
        },
        "plan": {
          "digest": "26fdeccfdd7b72e1d1cdc9814c03a45e67a971679e2293d4ec03a8c24d8e0a77",
          "steps": [
            {
              "action": "take_lease",
              "detail": "take the job with epoch 2; holders before are refused from then on",
            },
            {
              "action": "retry_failed_units",
              "detail": "try 1 failed row again",
            },
            {
              "action": "run_units",
              "detail": "run 153 rows",
            },
          ],
          "warnings": [],
        },
        "principal": "local:ops",
        "prior_lifecycle_state": "running",
        "prior_training_state": null,
        "progress_after": {
          "done": 200,
          "failed": 0,
          "in_doubt": 0,
          "needs_review": 0,
          "total": 200,
          "unit": "row",
        },
        "progress_before": {
          "done": 47,
          "failed": 1,
          "in_doubt": 0,
          "needs_review": 0,
          "total": 200,
          "unit": "row",
        },
        "recovered_at": "2026-03-01T10:01:30.000Z",
        "recovered_at_unix_ms": 1772359290000,
        "replayed_actions": [
          "job.created",
          "run.started",
        ],
        "replayed_audit_events": 2,
        "report_id": "report-1",
        "salvor_version": "0.1.0",
        "schema_version": 1,
        "strategy": "continue_units",
        "units": {
          "completed_before": 47,
          "completed_now": 153,
          "failed": 0,
          "needs_review": 0,
          "settled": 2,
          "would_repeat": 0,
        },
      }
    `);
    expect(Object.keys(buildSampleReport())).toEqual(CONTRACT_FIELDS);
    expect(Object.keys(RecoveryReport.shape)).toEqual(CONTRACT_FIELDS);
  });

  it('reads back from JSON as itself, for every choice and for one that has only begun', () => {
    for (const asked of [{}, { choice: 'restart' }, { choice: 'cancel' }, { result: 'started' }] as const) {
      const built = buildSampleReport(asked);
      expect(RecoveryReport.parse(JSON.parse(JSON.stringify(built)))).toEqual(built);
    }
  });

  it('is the same for the same input', () => {
    expect(JSON.stringify(buildSampleReport())).toBe(JSON.stringify(buildSampleReport()));
  });

  it('counts as done now what was done after minus before, but all of it after a restart', () => {
    expect(buildSampleReport().units).toMatchObject({
      completed_before: 47,
      completed_now: 153,
      would_repeat: 0,
      settled: 2,
    });
    expect(buildSampleReport({ choice: 'restart' }).units).toMatchObject({ completed_now: 200, would_repeat: 47 });
  });

  it('names a strategy for a resume alone', () => {
    expect(buildSampleReport().strategy).toBe('continue_units');
    expect(buildSampleReport({ choice: 'restart' }).strategy).toBeNull();
    expect(buildSampleReport({ choice: 'cancel' }).strategy).toBeNull();
  });

  it('says before the end is known that it has begun, with the attempt to come', () => {
    const started = buildSampleReport({ result: 'started' });
    expect(started.outcome).toEqual({
      status: 'started',
      exit_code: 0,
      duration_ms: 0,
      attempt: 2,
      engine_reference: null,
    });
    expect(started.progress_after).toEqual(started.progress_before);
    expect(started.units).toMatchObject({ completed_now: 0, settled: 0 });
    expect(buildSampleReport({ choice: 'restart', result: 'started' }).units).toMatchObject({
      completed_before: 47,
      completed_now: 0,
    });
  });

  it('has no holder, lock or units in it when there were none', () => {
    const { lease: _lease, liveness: _liveness, units: _units, ...evidence } = sampleEvidence();
    const built = buildSampleReport({ evidence });
    expect(built.crash_evidence).toEqual([{ fact: 'recorded_status', value: 'running' }]);
    expect(built.progress_before).toEqual({ done: 0, total: 0, unit: 'row', failed: 0, in_doubt: 0, needs_review: 0 });
  });

  it('tells of orphans, of the reason given and of the error it ended with, in this order', () => {
    const error = { code: 'E-3001', message: 'UPS API timeout' };
    const evidence = sampleEvidence({ orphans: SAMPLE_ORPHANS });
    const built = buildSampleReport({
      evidence,
      consent: { reason: 'paged' },
      result: { ...SAMPLE_RESULT, end: 'failed', error },
    });
    expect(built.crash_evidence).toContainEqual({ fact: 'orphans', value: '4800 4801' });
    expect(built.diagnostics.slice(-3)).toEqual([
      'access: no policy is named, so every action is allowed to everybody',
      'reason given: paged',
      'ended with E-3001: UPS API timeout',
    ]);
  });

  it('says nothing of access when a policy is named', () => {
    const file = { schema_version: 1 as const, team_mode: false, bindings: [], roles: {} };
    const { diagnostics } = buildSampleReport({ policy: { type: 'file', path: '/p', file } });
    expect(diagnostics.filter((line) => line.startsWith('access'))).toEqual([]);
  });
});

it('translateProgress: keys are in snake_case', () => {
  expect(translateProgress({ done: 1, total: 9, unit: 'step', failed: 2, inDoubt: 3, needsReview: 4 })).toEqual({
    done: 1,
    total: 9,
    unit: 'step',
    failed: 2,
    in_doubt: 3,
    needs_review: 4,
  });
});
