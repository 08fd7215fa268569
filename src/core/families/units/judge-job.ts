import { chooseAttention } from '../../diagnosis/attention.ts';
import type { JobFacts } from '../../diagnosis/job-facts.ts';
import type { Attention, Choice, Verdict } from '../../job/schema.ts';
import { findGuardrail, type Guardrail, type JudgedFacts } from './guardrails.ts';

/** What became of a job, the word a list has for it, and the choice to recommend. */
export type JobJudgement = {
  readonly verdict: Verdict;
  readonly attention: Attention;
  readonly recommended?: Choice;
};

/**
 * Decides what became of a job, for lists, looks, prompts and JSON alike. Nothing is recommended that a guardrail stops,
 * and nothing for records that contradict each other.
 *
 * Errors: none. Same facts, same judgement.
 * Source: design, rules 2, 5 and 9; seed 002.
 */
export function judgeJob(facts: JobFacts): JobJudgement {
  const judged = { ...facts, verdict: chooseVerdict(facts) };
  const recommended = recommend(judged);
  return {
    verdict: judged.verdict,
    attention: chooseAttention(judged),
    ...(recommended && { recommended }),
  };
}

/** A recorded status may be any text, and a map finds nothing that objects inherit. */
const ENDED: ReadonlyMap<string, Verdict> = new Map([
  ['completed', 'finished'],
  ['cancelled', 'cancelled'],
  ['failed', 'failed'],
]);

function chooseVerdict({ status, released, judgement, contradictions }: JobFacts): Verdict {
  if (contradictions.length > 0) return 'inconsistent';
  if (status === 'cancelled') return 'cancelled';
  if (released !== true && judgement?.type === 'alive') return judgement.stalled ? 'stalled' : 'alive';
  if (released !== true && judgement?.type === 'unknown') return 'unknown';
  return ENDED.get(status) ?? 'interrupted';
}

const HOPELESS: ReadonlySet<Verdict> = new Set(['inconsistent', 'alive', 'stalled', 'unknown']);

/** What stops a resume because nothing but open units is left of the job. */
const ONLY_OPEN: ReadonlySet<Guardrail> = new Set(['ended', 'work']);

function recommend(facts: JudgedFacts): Choice | undefined {
  if (HOPELESS.has(facts.verdict)) return undefined;
  const stopped = findGuardrail('resume', facts);
  if (stopped === undefined) return 'resume';
  // What else stops it is for a person to put right; no other choice does that.
  return ONLY_OPEN.has(stopped) && findGuardrail('review', facts) === undefined ? 'review' : undefined;
}
