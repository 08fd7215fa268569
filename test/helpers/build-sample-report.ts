/** Reports of the sample job, made the way real ones are. */

import type { Evidence } from '../../src/core/evidence/schema.ts';
import type { ExecutionResult } from '../../src/core/execution/schema.ts';
import { buildReport, type ReportInput } from '../../src/core/families/build-report.ts';
import { diagnose } from '../../src/core/families/diagnose.ts';
import type { ActingChoice } from '../../src/core/job/schema.ts';
import { approvePlan } from '../../src/core/plan/approve-plan.ts';
import type { Consent } from '../../src/core/plan/schema.ts';
import type { RecoveryReport } from '../../src/core/report/schema.ts';
import { describeFinding, describeStep, describeWarning } from '../../src/present/words.ts';
import { planFor } from './evidence-builders.ts';
import { SAMPLE_MS, sampleEvidence } from './sample-evidence.ts';

/** A recovery that ran to its end. */
export const SAMPLE_RESULT: ExecutionResult = {
  steps: [],
  end: 'completed',
  settled: 2,
  progressAfter: { done: 200, total: 200, unit: 'row', failed: 0, inDoubt: 0, needsReview: 0 },
  durationMs: 61_000,
  attempt: 2,
};

/** What is reported on; whatever is not given is a resume that ran to its end. */
export type ReportAsked = {
  readonly evidence?: Evidence;
  readonly choice?: ActingChoice;
  readonly consent?: Partial<Consent>;
  readonly result?: ExecutionResult | 'started';
  readonly policy?: ReportInput['policy'];
};

/** Builds the report. */
export function buildSampleReport(asked: ReportAsked = {}): RecoveryReport {
  const { evidence = sampleEvidence(), choice = 'resume', consent, result = SAMPLE_RESULT, policy } = asked;
  const plan = planFor(evidence, choice, { orphans: 'end' });
  const given: Consent = {
    planDigest: plan.digest,
    principal: 'local:ops',
    atMs: SAMPLE_MS,
    form: 'flag',
    ...consent,
  };
  return buildReport({
    approved: approvePlan(plan, given, evidence),
    diagnosis: diagnose(evidence),
    policy: policy ?? { type: 'none' },
    result,
    reportId: 'report-1',
    correlationId: 'correlation-1',
    version: '0.1.0',
    host: 'shipping-1',
    words: { describeFinding, describeStep, describeWarning },
  });
}
