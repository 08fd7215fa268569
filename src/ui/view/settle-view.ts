/** The dialog that settles one unit: what is known of it, what is true about it, and the words typed for it. */

import type { UnitWord } from '../../present/families/family-words.ts';
import { safeText } from '../../present/safe-text.ts';
import type { SettleDialog } from '../state/console-state.ts';
import { CURSOR_MARK } from '../theme.ts';
import { BLANK, type Line, spanLine, textLine, wrappedLines } from './line.ts';
import { measureText } from './text-width.ts';
import { describeUnitEnd } from './units-view.ts';

/** `text` may scroll; `field` is what is typed in now, empty while nothing is; `hint` says what Enter does. */
export type SettleText = {
  readonly text: readonly Line[];
  readonly field: readonly Line[];
  readonly hint: readonly Line[];
};

/** Lines of the dialog at its stage. Errors: none. */
export function assembleSettleText(dialog: SettleDialog, word: UnitWord, columns: number): SettleText {
  const { unit } = dialog;
  const title = `Settle ${word} ${unit.number} (${safeText(unit.key, 100)}), ${unit.status.replace('_', ' ')}`;
  const known = `Known: ${describeUnitEnd(unit) || 'nothing'}. Idempotency key: ${safeText(unit.idempotencyKey, 200)}`;
  const facts = [...wrappedLines(title, columns, { tone: 'title' }), ...wrappedLines(known, columns), BLANK];
  if (dialog.as === undefined) {
    const text = [
      ...facts,
      textLine('What is true about it?'),
      ...hanging('d  it was done: it is not run again', columns),
      ...hanging('p  it was not done: the next resume runs it again', columns),
      ...hanging('x  skip it: it counts as neither done nor left', columns),
    ];
    return { text, field: [], hint: [] };
  }
  const isReceipt = dialog.field === 'receipt';
  const receipt = dialog.as === 'done' ? fieldLines(dialog, 'receipt', columns) : [];
  const reason = fieldLines(dialog, 'reason', columns);
  const words = isReceipt
    ? 'Enter goes on to the reason.'
    : `Enter settles it as ${dialog.as}; nothing has been changed yet.`;
  return {
    text: [...facts, textLine(`Settle it as ${dialog.as}:`), ...(isReceipt ? [] : receipt)],
    field: isReceipt ? receipt : reason,
    hint: [...(isReceipt ? reason : []), BLANK, ...wrappedLines(words, columns, { tone: 'faint' })],
  };
}

const LABELS = { receipt: 'Receipt (may stay empty)', reason: 'Reason (kept in the audit trail)' } as const;

/** A field with its label, whole: what is typed at its end is on its last line. */
function fieldLines(dialog: SettleDialog, name: 'receipt' | 'reason', columns: number): readonly Line[] {
  const isHere = dialog.field === name;
  const label = `${isHere ? CURSOR_MARK : ' '} ${LABELS[name]}: `;
  const text = `${safeText(dialog[name])}${isHere ? '_' : ''}`;
  const tone = isHere ? 'accent' : 'plain';
  if (measureText(label) + measureText(text) <= columns) return [spanLine([label, tone], [text, 'plain'])];
  return wrappedLines(`${label}${text}`, columns, { tone, indent: 2 });
}

function hanging(text: string, columns: number): readonly Line[] {
  return wrappedLines(`  ${text}`, columns, { indent: 5 });
}
