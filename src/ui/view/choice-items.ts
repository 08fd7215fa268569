/** The menu of choices: always the four, in the order of the recovery prompt; what cannot be taken says why. */
import type { Choice } from '../../core/job/schema.ts';
import type { Looked } from '../../core/session/schema.ts';
import { describeChoice } from '../../present/words.ts';
import { describeRefusalShort } from './describe-refusal.ts';

/** The order of the recovery prompt. Source: contract. */
export const MENU_CHOICES = ['resume', 'restart', 'cancel', 'review'] as const satisfies readonly Choice[];

/** One choice of the menu. */
export type ChoiceItem = { readonly value: Choice; readonly label: string };

/** The items of a job that was looked at. The recommended choice is marked with a word. */
export function assembleChoiceItems(looked: Looked): readonly ChoiceItem[] {
  return MENU_CHOICES.map((value) => {
    const proposal = looked.proposals[value];
    const name = `[${value}]`.padEnd(9);
    if (proposal.type === 'refused') {
      return { value, label: `${name} - not now: ${describeRefusalShort(proposal.refusal)}` };
    }
    const count = proposal.type === 'review' ? ` (${proposal.unitCount})` : '';
    const words = describeChoice(value) + count;
    const mark = looked.diagnosis.recommended === value ? ' (recommended)' : '';
    return { value, label: `${name} - ${words}${mark}` };
  });
}

/** Where the cursor of the menu starts: at the recommended choice, else at the first; never on one that destroys. */
export function firstChoice(looked: Looked): number {
  const recommended = looked.diagnosis.recommended;
  return recommended === undefined || recommended === 'cancel' || recommended === 'restart'
    ? 0
    : MENU_CHOICES.indexOf(recommended);
}
