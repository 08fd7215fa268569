/** The menu of choices: always all of the job's, in the order of the recovery prompt; what cannot be taken says why. */
import type { Choice } from '../../core/job/schema.ts';
import type { Looked } from '../../core/session/schema.ts';
import { offerChoices } from '../../present/choices.ts';
import { describeRefusalShort } from './describe-refusal.ts';

/** One choice of the menu. */
export type ChoiceItem = { readonly value: Choice; readonly label: string };

/** The items of a job that was looked at. The recommended choice is marked with a word. */
export function assembleChoiceItems(looked: Looked): readonly ChoiceItem[] {
  return offerChoices(looked).map(({ choice: value, label, proposal }) => {
    const name = `[${value}]`.padEnd(9);
    if (proposal.type === 'refused') {
      return { value, label: `${name} - not now: ${describeRefusalShort(proposal.refusal)}` };
    }
    const count = proposal.type === 'review' ? ` (${proposal.unitCount})` : '';
    const mark = looked.diagnosis.recommended === value ? ' (recommended)' : '';
    return { value, label: `${name} - ${label}${count}${mark}` };
  });
}

/** Where the cursor of the menu starts: at the recommended choice, else at the first; never on one that destroys. */
export function firstChoice(looked: Looked): number {
  const { recommended } = looked.diagnosis;
  if (recommended === undefined || recommended === 'cancel' || recommended === 'restart') return 0;
  return Math.max(
    0,
    offerChoices(looked).findIndex(({ choice }) => choice === recommended),
  );
}
