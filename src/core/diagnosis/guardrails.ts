/** What stands in the way of a choice, told from the facts that a list has of a job as well. */
import type { Choice, UnitCounts, Verdict } from '../job/schema.ts';
import type { JobFacts } from './job-facts.ts';

/** Facts, and what they came to. */
export type JudgedFacts = JobFacts & {
  readonly verdict: Verdict;
  /** The verify hook is to be asked about units under review as well. */
  readonly asksAgain?: boolean;
};

/** What may stop a choice; `core/plan/check-choice` says each in words. */
export type Guardrail =
  | 'audit'
  | 'regression'
  | 'ended'
  | 'contradiction'
  | 'holder'
  | 'prerequisites'
  | 'work'
  | 'review';

type Stops = (choice: Choice, facts: JudgedFacts) => boolean;

/** In the order they are tried; the first that stops a choice is the one that is told. */
const GUARDRAILS: readonly (readonly [Guardrail, Stops])[] = [
  ['review', (choice, facts) => choice === 'review' && countWaiting(facts) === 0],
  ['audit', (choice, { contradictions }) => isActing(choice) && contradictions.includes('audit_broken')],
  ['regression', (choice, { contradictions }) => isActing(choice) && contradictions.includes('store_regressed')],
  ['ended', (choice, facts) => isActing(choice) && isEnded(facts)],
  ['contradiction', (choice, { contradictions }) => isRunning(choice) && contradictions.length > 0],
  ['holder', (choice, { verdict }) => isRunning(choice) && HELD.has(verdict)],
  ['prerequisites', (choice, { prerequisites }) => isRunning(choice) && prerequisites !== 'fit'],
  ['work', (choice, { counts, asksAgain }) => choice === 'resume' && !asksAgain && hasNothingButReview(counts)],
];

const HELD: ReadonlySet<Verdict> = new Set(['alive', 'stalled', 'unknown']);

/**
 * Finds what stops a choice, or undefined when nothing does. Prerequisites that nobody looked at stop it too: what is
 * recommended must be possible.
 *
 * Errors: none. Same facts, same answer.
 * Source: design, rules 2, 5, 7 and 9; decisions/0003 for what cancel may do where resume may not.
 */
export function findGuardrail(choice: Choice, facts: JudgedFacts): Guardrail | undefined {
  return GUARDRAILS.find(([, stops]) => stops(choice, facts))?.[0];
}

/** A job that ran to its end is not over while the outcome of a unit waits: it may be started over or given up. */
function isEnded({ verdict, counts }: JudgedFacts): boolean {
  return verdict === 'cancelled' || (verdict === 'finished' && countOpen(counts) === 0);
}

/** Units that wait for a decision. What a living runner has begun is in its hands, and nobody doubts it. */
export function countWaiting({ verdict, counts }: Pick<JudgedFacts, 'verdict' | 'counts'>): number {
  return isInHand(verdict) ? (counts?.needs_review ?? 0) : countOpen(counts);
}

/** Whether what was begun is in the hands of a living runner. */
export function isInHand(verdict: Verdict): boolean {
  return verdict === 'alive' || verdict === 'stalled';
}

/** Units whose outcome is not known to the store. */
export function countOpen(counts: UnitCounts | undefined): number {
  return counts ? counts.in_doubt + counts.needs_review : 0;
}

function isActing(choice: Choice): boolean {
  return choice !== 'review';
}

/** Whether a choice would run units. */
function isRunning(choice: Choice): boolean {
  return choice === 'resume' || choice === 'restart';
}

function hasNothingButReview(counts: UnitCounts | undefined): boolean {
  if (!counts || counts.needs_review === 0) return false;
  return counts.pending + counts.failed + counts.in_doubt === 0;
}
