import { isInHand } from '../../diagnosis/attention.ts';
import { assembleJobFacts, type JobFacts } from '../../diagnosis/job-facts.ts';
import type { LivenessJudgement } from '../../diagnosis/judge-liveness.ts';
import type { Diagnosis, Finding } from '../../diagnosis/schema.ts';
import type { Evidence, LeaseHolder, UnitsEvidence } from '../../evidence/schema.ts';
import type { Verdict } from '../../job/schema.ts';
import { judgeJob } from './judge-job.ts';

/**
 * Says what the evidence of a job with units means: a verdict, findings, and the choice to recommend.
 *
 * Recorded statuses are claims; the lease and the units are evidence. A contradiction is a verdict of its own and
 * nothing is recommended for it. Same evidence, same diagnosis.
 *
 * Errors: none.
 * Source: design, rules 2, 5 and 9; seed 002.
 */
export function diagnoseUnits(evidence: Evidence): Diagnosis {
  const facts = assembleJobFacts(evidence);
  const job = judgeJob(facts);
  const findings = [
    ...findHolder(evidence, facts.judgement),
    ...evidence.orphans.map((orphan): Finding => ({ type: 'orphan_running', severity: 'warning', orphan })),
    ...findUnits(evidence.units, job.verdict),
    ...evidence.prerequisites
      .filter((prerequisite) => prerequisite.state !== 'unchanged')
      .map((prerequisite): Finding => ({ type: 'prerequisite_bad', severity: 'blocks', prerequisite })),
    ...describeContradictions(evidence, facts),
  ];
  const crashDetected = job.verdict === 'interrupted' && evidence.recorded.status === 'running';
  return { ...job, crashDetected, findings };
}

function findHolder(evidence: Evidence, judgement: LivenessJudgement | undefined): readonly Finding[] {
  const { lease: holder, recorded } = evidence;
  if (!holder)
    return recorded.status === 'running' ? [{ type: 'never_started', severity: 'info' }] : describeEnd(evidence);
  if (holder.releasedAtMs !== undefined || recorded.status === 'cancelled') {
    const fenced = recorded.status === 'cancelled' && evidence.liveness?.lock === 'held';
    return fenced ? [{ type: 'fenced_runner_alive', severity: 'warning', holder }] : describeEnd(evidence);
  }
  if (!judgement) return [];
  if (judgement.type === 'unknown') return [{ type: 'liveness_unknown', severity: 'blocks', reason: judgement.reason }];
  if (judgement.type === 'dead') return [{ type: 'runner_dead', severity: 'info', holder, proof: judgement.proof }];
  return [findLiving(holder, judgement), ...findPendingStop(evidence, holder)];
}

function findLiving(
  holder: LeaseHolder,
  { stalled, deadFromMs }: Extract<LivenessJudgement, { type: 'alive' }>,
): Finding {
  if (stalled) return { type: 'runner_stalled', severity: 'blocks', holder, reason: stalled };
  // Nobody sees it run: that it may be dead already is to be known before anything is decided.
  if (deadFromMs !== undefined) return { type: 'runner_alive', severity: 'warning', holder, deadFromMs };
  return { type: 'runner_alive', severity: 'info', holder };
}

/** A request is for one holder: whoever took the job since was not asked. */
function findPendingStop({ audit: { stopAsked } }: Evidence, holder: LeaseHolder): readonly Finding[] {
  if (stopAsked?.holderEpoch !== holder.epoch) return [];
  const { principal, atMs: askedAtMs } = stopAsked;
  return [{ type: 'stop_pending', severity: 'warning', holder, principal, askedAtMs }];
}

/** What a run that ended by itself recorded of its end. */
function describeEnd({ lease: holder, recorded: { status, lastError } }: Evidence): readonly Finding[] {
  if (status === 'failed') return [{ type: 'run_failed', severity: 'info', ...(lastError && { error: lastError }) }];
  return status === 'stopped' && holder ? [{ type: 'runner_stopped', severity: 'info', holder }] : [];
}

function findUnits(units: UnitsEvidence | undefined, verdict: Verdict): readonly Finding[] {
  if (!units) return [];
  const { counts } = units;
  const findings: Finding[] = [];
  if (counts.in_doubt > 0 && isInHand(verdict))
    findings.push({ type: 'units_in_hand', severity: 'info', count: counts.in_doubt });
  else if (counts.in_doubt > 0) {
    const withReceipt = units.inDoubtWithReceipt;
    const { canVerify } = units;
    findings.push({ type: 'units_in_doubt', severity: 'info', count: counts.in_doubt, withReceipt, canVerify });
  }
  if (counts.needs_review > 0)
    findings.push({ type: 'units_need_review', severity: 'info', count: counts.needs_review });
  if (counts.failed > 0) findings.push({ type: 'units_failed', severity: 'info', count: counts.failed });
  return findings;
}

function describeContradictions(evidence: Evidence, { contradictions }: JobFacts): readonly Finding[] {
  const { audit, regression, units } = evidence;
  const findings: Finding[] = audit.broken ? [{ type: 'audit_broken', severity: 'blocks', ...audit.broken }] : [];
  if (regression) findings.push({ type: 'store_regressed', severity: 'blocks', regression });
  if (contradictions.includes('ended_short')) {
    const detail = `recorded as completed with ${units?.counts.pending} units still to do`;
    findings.push({ type: 'state_contradiction', severity: 'blocks', detail });
  }
  return findings;
}
