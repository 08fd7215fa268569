import type { Evidence } from '../evidence/schema.ts';
import type { UnitCounts } from '../job/schema.ts';
import { judgeLiveness, type LivenessJudgement } from './judge-liveness.ts';

/** How the records of a job may contradict each other; each makes it `inconsistent`. */
export type Contradiction =
  | 'audit_broken'
  /** The store is not as far as it once was. */
  | 'store_regressed'
  /** Recorded as completed, with units still to do. */
  | 'ended_short';

/**
 * What a judgement follows from. A list finds it in the store, a closer look in the evidence; there is no other way
 * to a verdict.
 */
export type JobFacts = {
  /** The recorded status: a claim. */
  readonly status: string;
  /** How many runs the job has had. */
  readonly runCount: number;
  /** Whether the last holder let the lease go; absent when there never was one. */
  readonly released?: boolean;
  /** What is known of the last holder. */
  readonly judgement?: LivenessJudgement;
  readonly counts?: UnitCounts;
  readonly contradictions: readonly Contradiction[];
  /** Whether all that the job needs is there as it was. `unchecked`: too much to look at for a list. */
  readonly prerequisites: 'fit' | 'unfit' | 'unchecked';
};

/** Finds the facts in the evidence. Errors: none. */
export function assembleJobFacts(evidence: Evidence): JobFacts {
  const { recorded, lease, liveness, units, prerequisites, audit } = evidence;
  const { status, runCount } = recorded;
  const isAuditBroken = audit.broken !== undefined;
  const isRegressed = evidence.regression !== undefined;
  return {
    status,
    runCount,
    contradictions: listContradictions({ status, isAuditBroken, isRegressed, counts: units?.counts }),
    prerequisites: prerequisites.every(({ state }) => state === 'unchanged') ? 'fit' : 'unfit',
    ...(lease && { released: lease.releasedAtMs !== undefined }),
    ...(lease && liveness && { judgement: judgeLiveness(lease, liveness) }),
    ...(units && { counts: units.counts }),
  };
}

/** Lists what contradicts itself. A new kind of contradiction is told here, for lists and for looks alike. */
export function listContradictions(known: {
  readonly status: string;
  readonly isAuditBroken: boolean;
  readonly isRegressed: boolean;
  readonly counts: UnitCounts | undefined;
}): readonly Contradiction[] {
  const found: Contradiction[] = [];
  if (known.isAuditBroken) found.push('audit_broken');
  if (known.isRegressed) found.push('store_regressed');
  if (known.status === 'completed' && (known.counts?.pending ?? 0) > 0) found.push('ended_short');
  return found;
}
