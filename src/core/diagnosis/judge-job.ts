import type { Choice, UnitCounts, Verdict } from '../job/schema.ts';
import type { LivenessJudgement } from './judge-liveness.ts';

/** What a verdict follows from. A list has no more of a job than this; a diagnosis finds it in the evidence. */
export type JobFacts = {
  /** The recorded status: a claim. */
  readonly status: string;
  /** Whether the last holder let the lease go; absent when there never was one. */
  readonly released?: boolean;
  /** What is known of the last holder. */
  readonly judgement?: LivenessJudgement;
  readonly counts?: UnitCounts;
  /** The evidence contradicts itself, or its audit chain is broken. */
  readonly contradicted: boolean;
  /** Something the job needs is missing or changed. */
  readonly blocked: boolean;
};

/** A verdict, and the choice to recommend for it. */
export type JobJudgement = { readonly verdict: Verdict; readonly recommended?: Choice };

/**
 * Decides what became of a job. A contradiction is a verdict of its own and nothing is recommended for it.
 *
 * Errors: none. Same facts, same verdict.
 * Source: design, rules 2, 5 and 9; seed 002.
 */
export function judgeJob(facts: JobFacts): JobJudgement {
  const verdict = chooseVerdict(facts);
  const recommended = recommend(verdict, facts);
  return recommended ? { verdict, recommended } : { verdict };
}

/** Says whether a job is recorded as ended with units still to do. */
export function isEndedShort(status: string, counts: UnitCounts | undefined): boolean {
  return status === 'completed' && (counts?.pending ?? 0) > 0;
}

/** A recorded status may be any text, and a map finds nothing that objects inherit. */
const ENDED: ReadonlyMap<string, Verdict> = new Map([
  ['completed', 'finished'],
  ['cancelled', 'cancelled'],
  ['failed', 'failed'],
]);

function chooseVerdict({ status, released, judgement, contradicted }: JobFacts): Verdict {
  if (contradicted) return 'inconsistent';
  if (status === 'cancelled') return 'cancelled';
  if (released !== true && judgement?.type === 'alive') return judgement.stalled ? 'stalled' : 'alive';
  if (released !== true && judgement?.type === 'unknown') return 'unknown';
  return ENDED.get(status) ?? 'interrupted';
}

function recommend(verdict: Verdict, { counts, blocked }: JobFacts): Choice | undefined {
  if (verdict === 'finished') return counts && counts.needs_review + counts.in_doubt > 0 ? 'review' : undefined;
  if (verdict !== 'interrupted' && verdict !== 'failed') return undefined;
  const left = counts ? counts.pending + counts.failed + counts.in_doubt : 1;
  if (left === 0) return (counts?.needs_review ?? 0) > 0 ? 'review' : 'resume';
  return blocked ? undefined : 'resume';
}
