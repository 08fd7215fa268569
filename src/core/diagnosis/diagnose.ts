import type { Evidence, UnitsEvidence } from '../evidence/schema.ts';
import type { Verdict } from '../job/schema.ts';
import { diagnoseControl } from './diagnose-control.ts';
import { isInHand } from './guardrails.ts';
import { assembleJobFacts, type JobFacts } from './job-facts.ts';
import { judgeJob } from './judge-job.ts';
import type { LivenessJudgement } from './judge-liveness.ts';
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
  const facts = assembleJobFacts(evidence);
  const job = judgeJob(facts);
  const findings = [
    ...describeHolder(evidence, facts.judgement),
    ...evidence.orphans.map((orphan): Finding => ({ type: 'orphan_running', orphan })),
    ...findUnits(evidence.units, job.verdict),
    ...evidence.prerequisites
      .filter((prerequisite) => prerequisite.state !== 'unchanged')
      .map((prerequisite): Finding => ({ type: 'prerequisite_bad', prerequisite })),
    ...describeContradictions(evidence, facts),
  ];
  const crashDetected = job.verdict === 'interrupted' && evidence.recorded.status === 'running';
  return { ...job, crashDetected, findings };
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

function findUnits(units: UnitsEvidence | undefined, verdict: Verdict): readonly Finding[] {
  if (!units) return [];
  const { counts } = units;
  const findings: Finding[] = [];
  if (counts.in_doubt > 0 && isInHand(verdict)) findings.push({ type: 'units_in_hand', count: counts.in_doubt });
  else if (counts.in_doubt > 0) {
    const withReceipt = units.inDoubtWithReceipt;
    findings.push({ type: 'units_in_doubt', count: counts.in_doubt, withReceipt, canVerify: units.canVerify });
  }
  if (counts.needs_review > 0) findings.push({ type: 'units_need_review', count: counts.needs_review });
  if (counts.failed > 0) findings.push({ type: 'units_failed', count: counts.failed });
  return findings;
}

function describeContradictions(evidence: Evidence, { contradictions }: JobFacts): readonly Finding[] {
  const { audit, regression, units } = evidence;
  const findings: Finding[] = audit.broken ? [{ type: 'audit_broken', ...audit.broken }] : [];
  if (regression) findings.push({ type: 'store_regressed', regression });
  if (contradictions.includes('ended_short')) {
    const detail = `recorded as completed with ${units?.counts.pending} units still to do`;
    findings.push({ type: 'state_contradiction', detail });
  }
  return findings;
}
