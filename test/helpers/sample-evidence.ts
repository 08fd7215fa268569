/** Evidence and what follows from it, as a shipping job that died at row 47 of 200 leaves them. Vary by spreading. */
import { chooseAttention } from '../../src/core/diagnosis/attention.ts';
import type { Diagnosis } from '../../src/core/diagnosis/schema.ts';
import type { Evidence, LeaseHolder, UnitFacts, UnitsEvidence } from '../../src/core/evidence/schema.ts';
import type { JobSummary, UnitCounts } from '../../src/core/job/schema.ts';
import type { Plan, Proposals } from '../../src/core/plan/schema.ts';
import type { RecoveryReport } from '../../src/core/report/schema.ts';
import type { Looked } from '../../src/core/session/schema.ts';

/** When the sample job died: 2026-03-01 10:01:30 UTC. */
export const SAMPLE_MS = Date.UTC(2026, 2, 1, 10, 1, 30);

export const SAMPLE_COUNTS: UnitCounts = {
  pending: 152,
  in_doubt: 0,
  done: 47,
  failed: 1,
  skipped: 0,
  needs_review: 0,
};

export const SAMPLE_HOLDER: LeaseHolder = {
  epoch: 1,
  host: 'shipping-1',
  bootId: '4f6f0b34-9c0a-4c55-9d7e-3a8f6b1d2c01',
  pidNamespace: '4026531836',
  pid: 4711,
  pidStartTicks: 123_456,
  runToken: 'run-token-1',
  principal: 'local:ops',
  acquiredAtMs: SAMPLE_MS - 90_000,
  heartbeatAtMs: SAMPLE_MS - 1_000,
  fenced: false,
};

/** One row of the sample job: done, with its tracking number. */
export function sampleUnit(number: number, change: Partial<UnitFacts> = {}): UnitFacts {
  return {
    number,
    key: `A${number}`,
    status: 'done',
    eventSequence: 10 * number,
    idempotencyKey: `california-orders/A${number}/1`,
    receipt: `1Z999AA1012345${6737 + number}`,
    attempts: 1,
    startedAtMs: SAMPLE_MS - 60_000 + number,
    finishedAtMs: SAMPLE_MS - 59_000 + number,
    ...change,
  };
}

/** A row whose effect was started and whose outcome nobody knows. */
export function sampleDoubt(number: number): UnitFacts {
  const { receipt: _receipt, finishedAtMs: _finished, ...unit } = sampleUnit(number);
  return { ...unit, status: 'in_doubt' };
}

export const SAMPLE_UNITS: UnitsEvidence = {
  unit: 'row',
  counts: SAMPLE_COUNTS,
  lastDone: sampleUnit(47),
  lastFailing: { ...sampleDoubt(48), status: 'failed', error: { code: 'E-3001', message: 'UPS API timeout' } },
  attention: [],
  inDoubtWithReceipt: 0,
  inReviewWithReceipt: 0,
  doneWithReceipt: 47,
  journalSequence: 190,
  receiptLabel: 'tracking',
  canVerify: false,
};

/** Evidence of the sample job. */
export function sampleEvidence(change: Partial<Evidence> = {}): Evidence {
  return {
    job: {
      id: 'job-california',
      name: 'California Orders',
      kind: 'batch',
      family: 'units',
      source: 'native',
      directory: '/srv/jobs/job-california',
    },
    recorded: {
      status: 'running',
      runCount: 1,
      epoch: 1,
      startedAtMs: SAMPLE_MS - 90_000,
      lastEventAtMs: SAMPLE_MS,
      lastError: { code: 'E-3001', message: 'UPS API timeout' },
    },
    lease: SAMPLE_HOLDER,
    liveness: { host: 'same', boot: 'same', lock: 'free', process: 'gone', heartbeatAgeMs: 61_000 },
    orphans: [],
    units: SAMPLE_UNITS,
    prerequisites: [{ what: 'rows_file', path: '/srv/jobs/orders.csv', state: 'unchanged' }],
    audit: { entryCount: 2, actions: ['job.created', 'run.started'] },
    collectedAtMs: SAMPLE_MS + 60_000,
    ...change,
  };
}

/** The diagnosis of the sample job: interrupted, its runner dead. */
export function sampleDiagnosis(change: Partial<Diagnosis> = {}): Diagnosis {
  return {
    verdict: 'interrupted',
    attention: 'interrupted',
    crashDetected: true,
    findings: [
      { type: 'runner_dead', severity: 'info', holder: SAMPLE_HOLDER, proof: 'lock_free' },
      { type: 'units_failed', severity: 'info', count: 1 },
    ],
    recommended: 'resume',
    ...change,
  };
}

/** The plan that resumes the sample job. */
export function sampleResumePlan(change: Partial<Plan> = {}): Plan {
  return {
    choice: 'resume',
    jobId: 'job-california',
    jobName: 'California Orders',
    digest: 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90',
    evidenceDigest: 'e0'.repeat(32),
    basis: 'everything',
    answers: {},
    lasting: {},
    questions: [],
    steps: [
      { by: 'actuator', action: 'take_lease', epoch: 2 },
      { by: 'runner', action: 'retry_failed_units', count: 1 },
      { by: 'runner', action: 'run_units', count: 153 },
    ],
    warnings: [],
    wouldRepeat: 0,
    consentForm: 'confirm',
    ...change,
  };
}

/** The plan that starts the sample job over. */
export function sampleRestartPlan(change: Partial<Plan> = {}): Plan {
  return sampleResumePlan({
    choice: 'restart',
    digest: 'b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1',
    steps: [
      { by: 'actuator', action: 'take_lease', epoch: 2 },
      { by: 'runner', action: 'reset_units', count: 200 },
      { by: 'runner', action: 'run_units', count: 200 },
    ],
    warnings: [{ code: 'WOULD_REPEAT', count: 47, label: 'tracking', unit: 'row' }],
    wouldRepeat: 47,
    consentForm: 'type_name',
    ...change,
  });
}

/** What every choice would do for the sample job; there is nothing to review. */
export function sampleProposals(change: Partial<Proposals> = {}): Proposals {
  return {
    resume: { type: 'plan', plan: sampleResumePlan() },
    restart: { type: 'plan', plan: sampleRestartPlan() },
    cancel: {
      type: 'plan',
      plan: sampleResumePlan({
        choice: 'cancel',
        basis: 'holder',
        digest: 'c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2',
        steps: [
          { by: 'actuator', action: 'take_lease', epoch: 2 },
          { by: 'actuator', action: 'mark_cancelled' },
        ],
        warnings: [{ code: 'UNITS_ABANDONED', count: 153, unit: 'row' }],
      }),
    },
    review: {
      type: 'refused',
      refusal: {
        choice: 'review',
        code: 'NOTHING_TO_RECOVER',
        message: 'no row is in doubt or under review',
        details: {},
      },
    },
    ...change,
  };
}

/** The sample job, looked at. */
export function sampleLooked(change: Partial<Looked> = {}): Looked {
  return { evidence: sampleEvidence(), diagnosis: sampleDiagnosis(), proposals: sampleProposals(), ...change };
}

/** The sample job as a line of the list. */
export function sampleSummary(change: Partial<JobSummary> = {}): JobSummary {
  const { verdict = 'interrupted', progress } = change;
  const counts = { ...SAMPLE_COUNTS, in_doubt: progress?.inDoubt ?? 0, needs_review: progress?.needsReview ?? 0 };
  return {
    job: sampleEvidence().job,
    status: 'running',
    verdict,
    attention: chooseAttention({ verdict, runCount: 1, counts }),
    sinceMs: change.interruptedAtMs ?? SAMPLE_MS,
    progress: { done: 47, total: 200, unit: 'row', failed: 1, inDoubt: 0, needsReview: 0 },
    interruptedAtMs: SAMPLE_MS,
    lastError: { code: 'E-3001', message: 'UPS API timeout' },
    receiptCount: 47,
    recommended: 'resume',
    ...change,
  };
}

/** The report of a resume of the sample job that ran to its end. */
export function sampleReport(change: Partial<RecoveryReport> = {}): RecoveryReport {
  const before = { done: 47, total: 200, unit: 'row', failed: 1, in_doubt: 0, needs_review: 0 };
  return {
    schema_version: 1,
    report_id: 'report-1',
    correlation_id: 'correlation-1',
    recovered_at: '2026-03-01T10:02:30.000Z',
    recovered_at_unix_ms: SAMPLE_MS + 60_000,
    salvor_version: '0.1.0',
    host: 'shipping-1',
    principal: 'local:ops',
    job: { id: 'job-california', name: 'California Orders', kind: 'batch', source: 'native' },
    choice: 'resume',
    strategy: 'continue_units',
    crash_detected: true,
    crash_evidence: [{ fact: 'lock', value: 'free' }],
    prior_lifecycle_state: 'running',
    prior_training_state: null,
    replayed_audit_events: 2,
    replayed_actions: ['job.created', 'run.started'],
    checkpoint_source: null,
    checkpoint_path: null,
    checkpoint_run_id: null,
    checkpoint_global_step: null,
    checkpoint_optimizer_step: null,
    diagnostics: ['crashed: process 4711 is dead'],
    plan: { digest: sampleResumePlan().digest, steps: [{ action: 'run_units', detail: 'run 153 rows' }], warnings: [] },
    progress_before: before,
    progress_after: { ...before, done: 200, failed: 0 },
    units: { completed_before: 47, completed_now: 153, settled: 0, needs_review: 0, failed: 0, would_repeat: 0 },
    objectives: null,
    outcome: { status: 'recovered', exit_code: 0, duration_ms: 61_000, attempt: 2, engine_reference: null },
    ...change,
  };
}
