/** The dialog that takes a typed answer to a question of a plan. */
import { safeText } from '../../present/safe-text.ts';
import type { AnswerDialog } from '../state/console-state.ts';
import { CURSOR_MARK } from '../theme.ts';
import { BLANK, textLine, wrappedLines } from './line.ts';
import type { SettleText } from './settle-view.ts';

/** Lines of the dialog: what is asked, the field, what Enter does. Errors: none. */
export function assembleAnswerText({ prompt, text }: AnswerDialog, columns: number): SettleText {
  return {
    text: [textLine('Question', 'title'), ...wrappedLines(prompt, columns), BLANK],
    field: wrappedLines(`${CURSOR_MARK} ${safeText(text)}_`, columns, { tone: 'accent', indent: 2 }),
    hint: [
      BLANK,
      ...wrappedLines('Enter shows the plan with this answer; nothing is done.', columns, { tone: 'faint' }),
    ],
  };
}
