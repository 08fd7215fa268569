import type { Evidence, UnitsEvidence } from '../evidence/schema.ts';
import type { Choice, Verdict } from '../job/schema.ts';
import { judgeLiveness, type LivenessJudgement } from './judge-liveness.ts';
import type { Diagnosis, Finding } from './schema.ts';

/**
 * Says what the evidence means: a verdict, findings, and the choice to recommend.
 *
 * Recorded statuses are claims; the lease and the units are evidence. A contradiction is a verdict of its own and
 * nothing is recommended for it. Same evidence, same diagnosis.
 *
 * Errors: none.
 * Source: design, rules 2, 5 and 9; seed 002.
 */
export function diagnose(evidence: Evidence): Diagnosis {
  const judgement = evidence.lease && evidence.liveness ? judgeLiveness(evidence.lease, evidence.liveness) : undefined;
  const findings = [
    ...describeHolder(evidence, judgement),
    ...evidence.orphans.map((orphan): Finding => ({ type: 'orphan_running', orphan })),
    ...findUnits(evidence.units),
    ...evidence.prerequisites
      .filter((prerequisite) => prerequisite.state !== 'unchanged')
      .map((prerequisite): Finding => ({ type: 'prerequisite_bad', prerequisite })),
    ...findContradictions(evidence),
  ];
  const verdict = judge(evidence, judgement, findings);
  const recommended = recommend(verdict, evidence, findings);
  return {
    verdict,
    crashDetected: verdict === 'interrupted' && evidence.recorded.status === 'running',
    findings,
    ...(recommended && { recommended }),
  };
}

/**
 * Whether an operator has to act: a job that stopped short, or one that ended with units nobody has settled.
 * Source: contract, list (jobs that need attention).
 */
export function needsAttention(verdict: Verdict, openUnitCount: number): boolean {
  if (verdict === 'alive' || verdict === 'cancelled') return false;
  return verdict !== 'finished' || openUnitCount > 0;
}

const ENDED: Readonly<Record<string, Verdict>> = { completed: 'finished', cancelled: 'cancelled', failed: 'failed' };

function judge(evidence: Evidence, judgement: LivenessJudgement | undefined, findings: readonly Finding[]): Verdict {
  if (findings.some((finding) => finding.type === 'audit_broken' || finding.type === 'state_contradiction')) {
    return 'inconsistent';
  }
  const { status } = evidence.recorded;
  if (status === 'cancelled') return 'cancelled';
  const released = evidence.lease?.releasedAtMs !== undefined;
  if (judgement?.type === 'alive' && !released) return judgement.stalled ? 'stalled' : 'alive';
  if (judgement?.type === 'unknown' && !released) return 'unknown';
  return ENDED[status] ?? 'interrupted';
}

function describeHolder(evidence: Evidence, judgement: LivenessJudgement | undefined): readonly Finding[] {
  const { lease: holder, recorded } = evidence;
  if (!holder) return recorded.status === 'running' ? [{ type: 'never_started' }] : describeEnd(evidence);
  if (holder.releasedAtMs !== undefined || recorded.status === 'cancelled') {
    const fenced = recorded.status === 'cancelled' && evidence.liveness?.lock === 'held';
    return fenced ? [{ type: 'fenced_runner_alive', holder }] : describeEnd(evidence);
  }
  if (!judgement) return [];
  if (judgement.type === 'unknown') return [{ type: 'liveness_unknown', reason: judgement.reason }];
  if (judgement.type === 'dead') return [{ type: 'runner_dead', holder, proof: judgement.proof }];
  return judgement.stalled
    ? [{ type: 'runner_stalled', holder, reason: judgement.stalled }]
    : [{ type: 'runner_alive', holder }];
}

/** What a run that ended by itself recorded of its end. */
function describeEnd({ lease: holder, recorded: { status, lastError } }: Evidence): readonly Finding[] {
  if (status === 'failed') return [{ type: 'run_failed', ...(lastError && { error: lastError }) }];
  return status === 'stopped' && holder ? [{ type: 'runner_stopped', holder }] : [];
}

function findUnits(units: UnitsEvidence | undefined): readonly Finding[] {
  if (!units) return [];
  const { counts } = units;
  const findings: Finding[] = [];
  if (counts.in_doubt > 0) {
    const withReceipt = units.inDoubtWithReceipt;
    findings.push({ type: 'units_in_doubt', count: counts.in_doubt, withReceipt, canVerify: units.canVerify });
  }
  if (counts.needs_review > 0) findings.push({ type: 'units_need_review', count: counts.needs_review });
  if (counts.failed > 0) findings.push({ type: 'units_failed', count: counts.failed });
  return findings;
}

function findContradictions(evidence: Evidence): readonly Finding[] {
  const findings: Finding[] = [];
  if (evidence.audit.broken) findings.push({ type: 'audit_broken', ...evidence.audit.broken });
  const pending = evidence.units?.counts.pending ?? 0;
  if (evidence.recorded.status === 'completed' && pending > 0) {
    findings.push({ type: 'state_contradiction', detail: `recorded as completed with ${pending} units still to do` });
  }
  return findings;
}

function recommend(verdict: Verdict, evidence: Evidence, findings: readonly Finding[]): Choice | undefined {
  const counts = evidence.units?.counts;
  if (verdict === 'finished') return counts && counts.needs_review + counts.in_doubt > 0 ? 'review' : undefined;
  if (verdict !== 'interrupted' && verdict !== 'failed') return undefined;
  const left = counts ? counts.pending + counts.failed + counts.in_doubt : 1;
  if (left === 0) return (counts?.needs_review ?? 0) > 0 ? 'review' : 'resume';
  const blocked = findings.some((finding) => finding.type === 'prerequisite_bad');
  return blocked ? undefined : 'resume';
}
