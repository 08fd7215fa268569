/** What a key does: it acts, it says why it does not, or it is typed. */
import { describeKey, isNamedKey } from '../describe-key.ts';
import { CHOICES, type CommandId, findKey, TYPING_SCREENS } from '../keymap.ts';
import { choose } from './choose.ts';
import { COMMANDS } from './commands.ts';
import { type ScreenName, screenOf } from './console-state.ts';
import type { Core } from './core.ts';
import { editText, isPrintable } from './edit-text.ts';
import { assembleKeyContext } from './key-context.ts';
import { answerKey } from './notice-cause.ts';
import { updateSettle } from './settle.ts';

/** Acts on one key, named by `nameKey`, by what is true now. */
export function press(core: Core, key: string): void {
  const state = core.store.snapshot();
  const screen = screenOf(state);
  const context = assembleKeyContext(state);
  const row = findKey(screen, key, context);
  if (row === undefined) {
    pressUnbound(core, screen, key);
    return;
  }
  const reason = row.blockedBy?.(context);
  // A choice that is refused says itself why, and what to do about it.
  const choice = CHOICES.find((one) => one === row.command);
  if (choice !== undefined && reason !== undefined && reason === context.refusals[choice]) {
    choose(core, choice);
    return;
  }
  if (reason !== undefined) {
    answerKey(core, `${row.label}: ${reason}`, { command: row.command, why: reason });
    return;
  }
  if (!MOVES.has(row.command) || state.notice?.cause !== undefined) clearNotice(core);
  COMMANDS[row.command](core, key);
}

/** A key that no row has is typed where text is typed, and says elsewhere that it does nothing. */
function pressUnbound(core: Core, screen: ScreenName, key: string): void {
  const isTyping = TYPING_SCREENS.includes(screen);
  if (isTyping && editText('', key) !== undefined) {
    typeText(core, (text) => editText(text, key) ?? text);
    return;
  }
  if (!isPrintable(key) && !isNamedKey(key)) return;
  const way = isTyping ? 'Esc goes back' : screen === 'help' ? 'q closes help' : '? for help';
  answerKey(core, `${describeKey(key)} does nothing here; ${way}.`, {});
}

/** Moving about leaves a message where it is; whatever else is done is the answer to it. */
const MOVES: ReadonlySet<CommandId> = new Set([
  'up',
  'down',
  'page_up',
  'page_down',
  'first',
  'last',
  'choice_move',
  'suspend',
]);

function clearNotice(core: Core): void {
  core.store.update((state) => (state.notice === undefined ? state : { ...state, notice: undefined }));
}

/** Changes the text field on the screen, if there is one. */
export function typeText(core: Core, change: (text: string) => string): void {
  const screen = screenOf(core.store.snapshot());
  if (screen === 'filter') {
    core.store.update((state) => ({ ...state, filter: change(state.filter) }));
    core.jobs.restart('keep');
  }
  if (screen === 'type_name') {
    core.store.update((state) => ({ ...state, typedName: change(state.typedName), notice: undefined }));
  }
  if (screen === 'answer_text') {
    core.store.update((state) =>
      state.dialog?.type === 'answer'
        ? { ...state, dialog: { ...state.dialog, text: change(state.dialog.text) }, notice: undefined }
        : state,
    );
  }
  if (screen === 'settle_text')
    updateSettle(core, (dialog) => ({ ...dialog, [dialog.field]: change(dialog[dialog.field]) }));
}
