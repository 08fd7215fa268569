/** What stands in the way of a choice, told from the facts that a list has of a job as well. */
import { countWaiting } from '../../diagnosis/attention.ts';
import type { JobFacts } from '../../diagnosis/job-facts.ts';
import { type Choice, countOpen, type UnitCounts, type Verdict } from '../../job/schema.ts';

/** Facts, and what they came to. */
export type JudgedFacts = JobFacts & {
  readonly verdict: Verdict;
  /** The verify hook is to be asked about units under review as well. */
  readonly asksAgain?: boolean;
  /** The runner is a process that this one can see: of the same host, boot and pid namespace. */
  readonly isInReach?: boolean;
};

/** What may stop a choice; `rules.ts` says each in words. */
export type Guardrail =
  | 'audit'
  | 'regression'
  | 'ended'
  | 'contradiction'
  | 'holder'
  | 'idle'
  | 'reach'
  | 'prerequisites'
  | 'work'
  | 'review';

/** Whether each stands in the way of what it is asked about. */
const STOPS: Readonly<Record<Guardrail, (facts: JudgedFacts) => boolean>> = {
  review: (facts) => countWaiting(facts) === 0,
  audit: ({ contradictions }) => contradictions.includes('audit_broken'),
  regression: ({ contradictions }) => contradictions.includes('store_regressed'),
  ended: isEnded,
  contradiction: ({ contradictions }) => contradictions.length > 0,
  holder: ({ verdict }) => HELD.has(verdict),
  idle: ({ released, judgement }) => released !== false || judgement?.type === 'dead',
  reach: ({ judgement, isInReach }) => judgement?.type !== 'alive' || isInReach !== true,
  prerequisites: ({ prerequisites }) => prerequisites !== 'fit',
  work: ({ counts, asksAgain }) => asksAgain !== true && hasNothingButReview(counts),
};

const RUNS_UNITS = ['audit', 'regression', 'ended', 'contradiction', 'holder', 'prerequisites'] as const;

/** What may stop each choice, in the order it is tried; the first that does is the one that is told. */
const GUARDRAILS = {
  resume: [...RUNS_UNITS, 'work'],
  restart: RUNS_UNITS,
  stop: ['ended', 'idle', 'audit', 'regression', 'reach'],
  cancel: ['audit', 'regression', 'ended'],
  review: ['review'],
} as const satisfies Partial<Record<Choice, readonly Guardrail[]>>;

/** The choices of a job with units. */
export type UnitsChoice = keyof typeof GUARDRAILS;

const HELD: ReadonlySet<Verdict> = new Set(['alive', 'stalled', 'unknown']);

/**
 * Finds what stops a choice, or undefined when nothing does. Prerequisites that nobody looked at stop it too: what is
 * recommended must be possible.
 *
 * Errors: none. Same facts, same answer.
 * Source: design, rules 2, 5, 7 and 9; decisions/0003 for what cancel may do where resume may not, decisions/0032 for
 * what a stop may do.
 */
export function findGuardrail(choice: UnitsChoice, facts: JudgedFacts): Guardrail | undefined {
  const guardrails: readonly Guardrail[] = GUARDRAILS[choice];
  return guardrails.find((guardrail) => STOPS[guardrail](facts));
}

/** A job that ran to its end is not over while the outcome of a unit waits: it may be started over or given up. */
function isEnded({ verdict, counts }: JudgedFacts): boolean {
  return verdict === 'cancelled' || (verdict === 'finished' && countOpen(counts) === 0);
}

function hasNothingButReview(counts: UnitCounts | undefined): boolean {
  if (!counts || counts.needs_review === 0) return false;
  return counts.pending + counts.failed + counts.in_doubt === 0;
}
