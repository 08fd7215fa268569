/** The choices of a job as they are offered: a name, a label, and what each would do. */
import { familyOf } from '../core/families/registry.ts';
import type { Choice, JobRef } from '../core/job/schema.ts';
import type { Proposal } from '../core/plan/schema.ts';
import type { Looked } from '../core/session/schema.ts';

/** One choice that is offered. */
export type OfferedChoice = { readonly choice: Choice; readonly label: string; readonly proposal: Proposal };

/** The choices that a job's family has, in order. */
export function choicesOf(job: JobRef): readonly Choice[] {
  return familyOf(job).choices.map(({ choice }) => choice);
}

/** The choices of a job that was looked at, with what each would do or why it cannot be taken. */
export function offerChoices({
  evidence,
  proposals,
}: Pick<Looked, 'evidence' | 'proposals'>): readonly OfferedChoice[] {
  return familyOf(evidence.job).choices.flatMap(({ choice, label }) => {
    const proposal = proposals[choice];
    return proposal ? [{ choice, label, proposal }] : [];
  });
}
