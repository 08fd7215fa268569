/** What a person must know of a job, in a word, and whether it waits for one. */
import { type Attention, countOpen, type UnitCounts, type Verdict } from '../job/schema.ts';

/**
 * The word a list has for a job. What a living runner has begun is in its hands, and nobody doubts it.
 *
 * Source: console, STATE; contract, list --json (attention).
 */
export function chooseAttention(job: {
  readonly verdict: Verdict;
  readonly runCount: number;
  readonly counts?: UnitCounts;
}): Attention {
  const { verdict, runCount } = job;
  if (verdict === 'inconsistent') return verdict;
  if (countWaiting(job) > 0) return 'in doubt';
  if (verdict === 'alive') return runCount > 1 ? 'recovering' : 'running';
  return verdict;
}

/** What came to its end, or was put to rest by somebody. */
const AT_REST: ReadonlySet<Attention> = new Set(['paused', 'finished', 'cancelled']);

/** Whether a job is on the list of those that need attention: whatever has not come to its end. */
export function isListed(attention: Attention): boolean {
  return !AT_REST.has(attention);
}

/** Whether a job waits for an operator; one that is running well does not. */
export function needsOperator(attention: Attention): boolean {
  return isListed(attention) && attention !== 'running' && attention !== 'recovering';
}

/** Units that wait for a decision. What a living runner has begun is in its hands, and nobody doubts it. */
export function countWaiting({ verdict, counts }: { readonly verdict: Verdict; readonly counts?: UnitCounts }): number {
  return isInHand(verdict) ? (counts?.needs_review ?? 0) : countOpen(counts);
}

/** Whether what was begun is in the hands of a living runner. */
export function isInHand(verdict: Verdict): boolean {
  return verdict === 'alive' || verdict === 'stalled';
}
