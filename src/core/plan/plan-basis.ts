/** What a plan rests on: which facts make it stale. The same for building, agreeing, checking again and acting. */
import { judgeLiveness } from '../diagnosis/judge-liveness.ts';
import { digestValue } from '../digest.ts';
import { RecoveryError } from '../errors.ts';
import { digestEvidence } from '../evidence/digest-evidence.ts';
import type { Evidence } from '../evidence/schema.ts';
import { compareEvidence, compareHolders } from './compare-evidence.ts';
import type { FactChange } from './fact-change.ts';
import type { Plan, PlanBasis } from './schema.ts';

/** Fingerprint of the facts a plan of this basis rests on. Same facts, same digest, at any time. Source: decisions/0015. */
export function digestBasis(basis: PlanBasis, evidence: Evidence): string {
  return basis === 'holder' ? digestHolder(evidence) : digestEvidence(evidence);
}

function digestHolder(evidence: Evidence): string {
  const { job, recorded, lease } = evidence;
  const holder = lease && {
    host: lease.host,
    bootId: lease.bootId,
    pidNamespace: lease.pidNamespace,
    pid: lease.pid,
    pidStartTicks: lease.pidStartTicks,
    runToken: lease.runToken,
  };
  const state = judgeHolder(evidence);
  return digestValue({ id: job.id, source: job.source, status: recorded.status, epoch: recorded.epoch, holder, state });
}

/** What became of the holder: nobody ever held it, it let go, or what its process and lock say. */
export function judgeHolder({ lease, liveness }: Evidence): 'none' | 'released' | 'alive' | 'dead' | 'unknown' {
  if (!lease) return 'none';
  if (lease.releasedAtMs !== undefined) return 'released';
  return liveness ? judgeLiveness(lease, liveness).type : 'unknown';
}

/**
 * Checks that what a plan rests on is still so.
 *
 * Errors: EVIDENCE_STALE with what changed since it was `seen`.
 */
export function checkBasis(plan: Plan, { seen, now }: { readonly seen: Evidence; readonly now: Evidence }): void {
  if (digestBasis(plan.basis, now) !== plan.evidenceDigest) throw describeStale(plan, listChanges(plan, seen, now));
}

/** What became different of the facts a plan rests on. */
export function listChanges({ basis }: Pick<Plan, 'basis'>, seen: Evidence, now: Evidence): readonly FactChange[] {
  const states = { was: judgeHolder(seen), is: judgeHolder(now) };
  const holder = compareHolders({ was: seen, is: now }, states);
  if (basis === 'holder') return holder;
  const changes = [...holder, ...compareEvidence(seen, now)];
  const isOther = changes.length === 0 && digestEvidence(seen) !== digestEvidence(now);
  return isOther ? [{ fact: 'other', was: null, is: null }] : changes;
}

/** More changes than this are not told: nobody reads them, and the job has to be looked at again anyway. */
const CHANGE_LIMIT = 100;

/** The error of a plan that went stale. */
export function describeStale(plan: Pick<Plan, 'jobId' | 'jobName'>, changes: readonly FactChange[]): RecoveryError {
  return new RecoveryError('EVIDENCE_STALE', `job '${plan.jobName}' changed since the plan was made`, {
    details: { job: plan.jobId, changes: changes.slice(0, CHANGE_LIMIT) },
  });
}
