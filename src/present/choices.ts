/** The choices of a job as they are offered: a name, a label, and what each would do. */
import { isInHand } from '../core/diagnosis/attention.ts';
import { familyOf } from '../core/families/registry.ts';
import type { Choice, JobRef, Verdict } from '../core/job/schema.ts';
import type { Proposal } from '../core/plan/schema.ts';
import type { Looked } from '../core/session/schema.ts';

/** One choice that is offered. */
export type OfferedChoice = {
  readonly choice: Choice;
  readonly label: string;
  readonly proposal: Proposal;
  /** It is refused and for jobs that run, which this one does not: a text of what can be done has no word for it. */
  readonly isUntold: boolean;
};

/** The choices that a job's family has, in order. */
export function choicesOf(job: JobRef): readonly Choice[] {
  return familyOf(job).choices.map(({ choice }) => choice);
}

/** Those that mean something to a job of this verdict: what is for jobs that run is left out of others. */
export function choicesWorthAKey(job: JobRef, verdict: Verdict): readonly Choice[] {
  const rows = familyOf(job).choices.filter(({ isForRunning }) => isForRunning !== true || mayRun(verdict));
  return rows.map(({ choice }) => choice);
}

/** Whether a runner may have a job of this verdict. */
export function mayRun(verdict: Verdict): boolean {
  return isInHand(verdict) || verdict === 'unknown';
}

/** The choices of a job that was looked at, with what each would do or why it cannot be taken. */
export function offerChoices({ evidence, diagnosis, proposals }: Looked): readonly OfferedChoice[] {
  return familyOf(evidence.job).choices.flatMap(({ choice, label, isForRunning }) => {
    const proposal = proposals[choice];
    if (!proposal) return [];
    const isUntold = proposal.type === 'refused' && isForRunning === true && !mayRun(diagnosis.verdict);
    return [{ choice, label, proposal, isUntold }];
  });
}
