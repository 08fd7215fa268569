import type { Evidence, UnitsEvidence } from '../evidence/schema.ts';
import type { Verdict } from '../job/schema.ts';
import { diagnoseControl } from './diagnose-control.ts';
import { isEndedShort, judgeJob } from './judge-job.ts';
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
  if (evidence.control) return diagnoseControl(evidence, evidence.control);
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
  const { lease, recorded, units } = evidence;
  const job = judgeJob({
    status: recorded.status,
    contradicted: findings.some(({ type }) => type === 'audit_broken' || type === 'state_contradiction'),
    blocked: findings.some(({ type }) => type === 'prerequisite_bad'),
    ...(lease && { released: lease.releasedAtMs !== undefined }),
    ...(judgement && { judgement }),
    ...(units && { counts: units.counts }),
  });
  const crashDetected = job.verdict === 'interrupted' && recorded.status === 'running';
  return { ...job, crashDetected, findings };
}

/**
 * Whether an operator has to act: a job that stopped short, or one that ended with units nobody has settled.
 * Source: contract, list (jobs that need attention).
 */
export function needsAttention(verdict: Verdict, openUnitCount: number): boolean {
  if (verdict === 'alive' || verdict === 'cancelled' || verdict === 'paused') return false;
  return verdict !== 'finished' || openUnitCount > 0;
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
  if (isEndedShort(evidence.recorded.status, evidence.units?.counts)) {
    const pending = evidence.units?.counts.pending;
    findings.push({ type: 'state_contradiction', detail: `recorded as completed with ${pending} units still to do` });
  }
  return findings;
}
