import type { Diagnosis, Finding } from '../diagnosis/schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import { judgeEnd } from '../execution/judge-end.ts';
import type { ExecutionResult } from '../execution/schema.ts';
import { assembleProgress, type Progress, type UnitCounts } from '../job/schema.ts';
import type { AccessPolicy } from '../plan/access.ts';
import type { ApprovedPlan, PlanStep, PlanWarning } from '../plan/schema.ts';
import type { RecoveryReport } from '../report/schema.ts';
import { familyOf } from './registry.ts';

/** How findings, steps and warnings are said, by what the units are called; the words are the presenter's. */
export type ReportWords = {
  readonly describeFinding: (finding: Finding, unit: Progress['unit']) => string;
  readonly describeStep: (step: PlanStep, unit: Progress['unit']) => string;
  readonly describeWarning: (warning: PlanWarning) => string;
};

/**
 * What a report is made of. Times are epoch milliseconds; `started` says that it is written before the end is known.
 * `outcome` stands in for what follows from the result, where what was started goes on by itself.
 */
export type ReportInput = {
  readonly approved: ApprovedPlan;
  readonly diagnosis: Diagnosis;
  readonly policy: AccessPolicy;
  readonly result: ExecutionResult | 'started';
  readonly reportId: string;
  readonly correlationId: string;
  readonly version: string;
  readonly host: string;
  readonly words: ReportWords;
  readonly outcome?: RecoveryReport['outcome'];
  /** Lines of the source, told in their order. */
  readonly notes?: readonly string[];
};

const NO_COUNTS: UnitCounts = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 };

/**
 * Says what a recovery found, did and came to, in the contract's own shape.
 *
 * Errors: none. Same input, same report.
 * Source: contract, recovery-report.json; seed 000 (AC-4).
 */
export function buildReport(input: ReportInput): RecoveryReport {
  const { approved, diagnosis, result, words } = input;
  const { plan, consent, evidence } = approved;
  const unit = evidence.units?.unit ?? (evidence.job.kind === 'batch' ? 'row' : 'step');
  const before = assembleProgress(evidence.units?.counts ?? NO_COUNTS, unit);
  const after = result === 'started' ? before : result.progressAfter;
  const { id, name, kind, source } = evidence.job;
  const { diagnostics, ...parts } = familyOf(evidence.job).report({
    approved,
    diagnosis,
    policy: input.policy,
    notes: input.notes ?? [],
    describeFindings: () => diagnosis.findings.map((finding) => words.describeFinding(finding, before.unit)),
  });
  return {
    schema_version: 1,
    report_id: input.reportId,
    correlation_id: input.correlationId,
    recovered_at: new Date(consent.atMs).toISOString(),
    recovered_at_unix_ms: consent.atMs,
    salvor_version: input.version,
    host: input.host,
    principal: consent.principal,
    job: { id, name, kind, source },
    choice: plan.choice,
    strategy: null,
    crash_detected: diagnosis.crashDetected,
    crash_evidence: [],
    prior_lifecycle_state: evidence.recorded.status,
    prior_training_state: null,
    replayed_audit_events: evidence.audit.actions.length,
    replayed_actions: [...evidence.audit.actions],
    checkpoint_source: null,
    checkpoint_path: null,
    checkpoint_run_id: null,
    checkpoint_global_step: null,
    checkpoint_optimizer_step: null,
    ...parts,
    diagnostics: [
      ...diagnostics,
      ...(consent.reason === undefined ? [] : [`reason given: ${consent.reason}`]),
      ...describeWarnings(result),
      ...describeError(result),
    ],
    plan: {
      digest: plan.digest,
      steps: plan.steps.map((step) => ({ action: step.action, detail: words.describeStep(step, before.unit) })),
      warnings: plan.warnings.map((warning) => ({ code: warning.code, message: words.describeWarning(warning) })),
    },
    progress_before: translateProgress(before),
    progress_after: translateProgress(after),
    units: {
      completed_before: before.done,
      completed_now: result === 'started' ? 0 : countNow(approved, before, after),
      settled: result === 'started' ? 0 : result.settled,
      needs_review: after.needsReview,
      failed: after.failed,
      would_repeat: plan.wouldRepeat,
    },
    objectives: null,
    outcome: input.outcome ?? describeOutcome(evidence, result),
  };
}

/** Why the execution ended short, when it did. */
function describeError(result: ExecutionResult | 'started'): readonly string[] {
  return result === 'started' || !result.error ? [] : [`ended with ${result.error.code}: ${result.error.message}`];
}

function describeWarnings(result: ExecutionResult | 'started'): readonly string[] {
  return result === 'started' ? [] : (result.warnings ?? []).map(({ code, message }) => `${code}: ${message}`);
}

/** A restart begins at nothing, so everything done after it was done now. */
function countNow({ plan }: ApprovedPlan, before: Progress, after: Progress): number {
  return plan.choice === 'restart' ? after.done : after.done - before.done;
}

/** The snake_case form of a progress. Source: contract, list --json. */
export function translateProgress(progress: Progress): RecoveryReport['progress_before'] {
  const { done, total, unit, failed, inDoubt, needsReview } = progress;
  return { done, total, unit, failed, in_doubt: inDoubt, needs_review: needsReview };
}

function describeOutcome(evidence: Evidence, result: ExecutionResult | 'started'): RecoveryReport['outcome'] {
  const engine = { engine_reference: null };
  if (result === 'started') {
    return { status: 'started', exit_code: 0, duration_ms: 0, attempt: evidence.recorded.runCount + 1, ...engine };
  }
  const { durationMs, attempt } = result;
  const { needsReview, inDoubt } = result.progressAfter;
  const { status, exitCode } = judgeEnd(result, needsReview + inDoubt);
  return { status, exit_code: exitCode, duration_ms: durationMs, attempt, ...engine };
}
