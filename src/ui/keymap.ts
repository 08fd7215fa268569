/** Every key of the console, as rows: they feed dispatch, the footer, the help screen and the page of keys. */
import type { Choice } from '../core/job/schema.ts';
import type { ScreenName } from './state/console-state.ts';
import type { KeyContext } from './state/key-context.ts';

export type CommandId = (typeof KEYMAP)[number]['command'];

/** One row. `keys` are names of `nameKey`; `inFooter` rows are shown at the foot of their screens, in this order. */
export type KeyRow = {
  readonly command: string;
  readonly keys: readonly string[];
  readonly label: string;
  readonly screens: readonly ScreenName[];
  readonly inFooter?: boolean;
  /** Not shown at the foot while it is blocked: it is about something that is not on the screen. */
  readonly hiddenWhenBlocked?: boolean;
  /** The job on the screen knows nothing of this: it is not shown, and says so when it is pressed. */
  readonly isAbsent?: (context: KeyContext) => boolean;
  /** The same row once for each of these, where what its keys do is up to the screen. */
  readonly expand?: (context: KeyContext) => readonly { readonly keys: readonly string[]; readonly label: string }[];
  /** Why the key does nothing now, or `undefined`. */
  readonly blockedBy?: (context: KeyContext) => string | undefined;
};

const PANE_SCREENS = ['job', 'units', 'checkpoints', 'evidence', 'audit', 'log'] as const;
const LISTS = ['jobs', 'units', 'review'] as const;
const TEXTS = [
  'checkpoints',
  'evidence',
  'audit',
  'log',
  'plan',
  'progress',
  'leave',
  'report',
  'refused',
  'settle',
  'help',
] as const;
const PAGED = [...LISTS, ...TEXTS, 'job', 'type_name', 'settle_text'] as const;
/** Where a text is typed that is no filter. */
const TYPED = ['type_name', 'settle_text', 'answer_text'] as const;
const NOT_TYPING = [
  ...PANE_SCREENS,
  'jobs',
  'review',
  'plan',
  'progress',
  'leave',
  'report',
  'refused',
  'settle',
] as const;

/** The key of every choice, whatever families have it. Capitals ask for more than a slip of the finger. */
export const CHOICE_KEYS = {
  resume: 'r',
  restart: 'R',
  stop: 's',
  cancel: 'X',
  pause: 'p',
  rollback: 'b',
  review: 'v',
} as const satisfies Record<Choice, string>;

/** Every choice, in the order their keys are shown. */
export const CHOICES: readonly Choice[] = ['resume', 'restart', 'stop', 'cancel', 'pause', 'rollback', 'review'];

const CHOICE_ROWS = CHOICES.map((choice) => ({
  command: choice,
  keys: [CHOICE_KEYS[choice]],
  label: choice,
  screens: ['jobs', ...PANE_SCREENS] as const,
  inFooter: true,
  isAbsent: ({ shownChoices }: KeyContext) => !shownChoices.includes(choice),
  blockedBy: noChoice(choice),
}));

function noChoice(choice: Choice): (context: KeyContext) => string | undefined {
  return (context) => {
    if (!context.hasJob) return 'no job is selected';
    if (!context.choices.includes(choice)) return 'this job has no such choice';
    if (context.readOnly && choice !== 'review') return 'the console is read-only; leave out --read-only to act';
    return context.refusals[choice];
  };
}

function noUnit(context: KeyContext): string | undefined {
  if (!context.hasUnit) return 'no unit is selected';
  return context.readOnly ? 'the console is read-only; leave out --read-only to act' : undefined;
}

/** How many lines have to be read on, in words; shown at the foot and as the answer to a key that waits for it. */
export function describeUnread(count: number): string {
  return `${count} more ${count === 1 ? 'line' : 'lines'}, Down to read on`;
}

function notRead({ unreadLines }: KeyContext): string | undefined {
  return unreadLines > 0 ? describeUnread(unreadLines) : undefined;
}

function noConsent(context: KeyContext): string | undefined {
  if (context.openQuestions > 0) {
    return `${context.openQuestions === 1 ? 'a question is' : 'questions are'} open; answer first`;
  }
  if (context.hasChanged) return 'the plan is another one now; Space first';
  return notRead(context);
}

/**
 * The rows, in the order help and footer show them. No key of a list or a job acts: a choice leads to its plan, and
 * only `agree` and `agree_typed` consent to it.
 *
 * Source: style 2.11; terminal chapter 5 (cancel is never on Enter or a digit; the opener does not confirm).
 */
export const KEYMAP = [
  {
    command: 'open',
    keys: ['enter'],
    label: 'open',
    screens: ['jobs'],
    inFooter: true,
    blockedBy: (c) => (c.hasJob ? undefined : 'no job is selected'),
  },
  { command: 'choose', keys: ['enter'], label: 'show its plan', screens: ['job'], inFooter: true },
  {
    command: 'agree',
    keys: ['y'],
    label: 'agree to this plan',
    screens: ['plan'],
    inFooter: true,
    hiddenWhenBlocked: true,
    blockedBy: noConsent,
  },
  {
    command: 'changes_read',
    keys: [' '],
    label: 'I have read what changed',
    screens: ['plan'],
    inFooter: true,
    hiddenWhenBlocked: true,
    blockedBy: (c) => (c.hasChanged ? notRead(c) : 'y agrees, n goes back'),
  },
  {
    command: 'agree_typed',
    keys: ['enter'],
    label: 'agree, with the name typed',
    screens: ['type_name'],
    inFooter: true,
    blockedBy: notRead,
  },
  {
    command: 'answer',
    // Those that the question brings along.
    keys: [],
    label: 'answer the question',
    screens: ['plan'],
    inFooter: true,
    hiddenWhenBlocked: true,
    expand: ({ answers }) => answers.map(({ key, label }) => ({ keys: [key], label })),
    blockedBy: (c) => (c.answers.length > 0 ? undefined : 'no question is open'),
  },
  {
    command: 'answer_typed',
    keys: ['enter'],
    label: 'answer with this',
    screens: ['answer_text'],
    inFooter: true,
  },
  ...CHOICE_ROWS,
  { command: 'settle', keys: ['s', 'enter'], label: 'settle', screens: ['review'], inFooter: true, blockedBy: noUnit },
  {
    command: 'ask_again',
    keys: ['a'],
    label: 'ask the verify hook again about all',
    screens: ['review'],
    inFooter: true,
    hiddenWhenBlocked: true,
    blockedBy: (c) => (c.readOnly ? noUnit({ ...c, hasUnit: true }) : c.noAskAgain),
  },
  {
    command: 'settle_done',
    keys: ['d'],
    label: 'it was done',
    screens: ['settle'],
    inFooter: true,
    blockedBy: notRead,
  },
  {
    command: 'settle_pending',
    keys: ['p'],
    label: 'not done: run it again',
    screens: ['settle'],
    inFooter: true,
    blockedBy: notRead,
  },
  {
    command: 'settle_skipped',
    keys: ['x'],
    label: 'skip it',
    screens: ['settle'],
    inFooter: true,
    blockedBy: notRead,
  },
  { command: 'settle_next', keys: ['enter'], label: 'go on', screens: ['settle_text'], inFooter: true },
  { command: 'leave', keys: ['s', 'q', 'escape'], label: 'stop or leave', screens: ['progress'], inFooter: true },
  {
    command: 'stop_run',
    keys: ['s'],
    label: 'stop after the one in hand',
    screens: ['leave'],
    inFooter: true,
    hiddenWhenBlocked: true,
    blockedBy: (c) => (c.isAtOnce ? 'it is done at once and not stopped half-way' : undefined),
  },
  { command: 'detach', keys: ['b'], label: 'leave it running', screens: ['leave'], inFooter: true },
  {
    command: 'keep_watching',
    keys: ['escape', 'w', 'enter'],
    label: 'keep watching',
    screens: ['leave'],
    inFooter: true,
  },
  {
    command: 'look_again',
    keys: ['enter'],
    label: 'look again',
    screens: ['refused'],
    inFooter: true,
    blockedBy: notRead,
  },
  { command: 'filter', keys: ['/'], label: 'filter', screens: ['jobs'], inFooter: true },
  { command: 'filter_apply', keys: ['enter'], label: 'keep the filter', screens: ['filter'], inFooter: true },
  { command: 'filter_clear', keys: ['escape'], label: 'clear the filter', screens: ['filter'], inFooter: true },
  { command: 'scope', keys: ['a'], label: 'all or attention', screens: ['jobs'], inFooter: true },
  { command: 'next_pane', keys: ['tab'], label: 'next view', screens: PANE_SCREENS, inFooter: true },
  { command: 'previous_pane', keys: ['shift+tab'], label: 'previous view', screens: PANE_SCREENS },
  { command: 'pane', keys: ['1', '2', '3', '4', '5'], label: 'view by number', screens: PANE_SCREENS },
  { command: 'choice_move', keys: ['up', 'down', 'k', 'j'], label: 'move in the choices', screens: ['job'] },
  { command: 'up', keys: ['up', 'k'], label: 'up', screens: [...LISTS, ...TEXTS] },
  { command: 'down', keys: ['down', 'j'], label: 'down', screens: [...LISTS, ...TEXTS] },
  { command: 'up', keys: ['up'], label: 'up', screens: ['type_name', 'settle_text'] },
  { command: 'down', keys: ['down'], label: 'down', screens: ['type_name', 'settle_text'] },
  { command: 'page_up', keys: ['pageup'], label: 'page up', screens: PAGED },
  { command: 'page_down', keys: ['pagedown'], label: 'page down', screens: PAGED },
  { command: 'first', keys: ['g', 'home'], label: 'to the top', screens: [...LISTS, ...TEXTS, 'job'] },
  { command: 'last', keys: ['G', 'end'], label: 'to the end', screens: [...LISTS, ...TEXTS, 'job'] },
  { command: 'close', keys: ['?', 'q', 'escape', 'enter'], label: 'close help', screens: ['help'], inFooter: true },
  {
    command: 'back',
    keys: ['q', 'escape'],
    label: 'back',
    screens: [...PANE_SCREENS, 'review', 'refused'],
    inFooter: true,
  },
  { command: 'back', keys: ['q', 'escape', 'n'], label: 'no, go back', screens: ['plan'], inFooter: true },
  { command: 'back', keys: ['escape'], label: 'go back', screens: TYPED, inFooter: true },
  { command: 'back', keys: ['q', 'escape'], label: 'go back', screens: ['settle'], inFooter: true },
  { command: 'back', keys: ['enter', 'q', 'escape'], label: 'back to the jobs', screens: ['report'], inFooter: true },
  { command: 'clear', keys: ['escape'], label: 'clear filter and message', screens: ['jobs'] },
  { command: 'quit', keys: ['q'], label: 'quit', screens: ['jobs'], inFooter: true },
  { command: 'help', keys: ['?'], label: 'help', screens: NOT_TYPING, inFooter: true },
  {
    command: 'interrupt',
    keys: ['ctrl+c'],
    label: 'leave Salvor',
    screens: [...NOT_TYPING, 'filter', ...TYPED, 'help'],
  },
  {
    command: 'suspend',
    keys: ['ctrl+z'],
    label: 'suspend',
    screens: [...NOT_TYPING, 'filter', ...TYPED, 'help'],
  },
] as const satisfies readonly KeyRow[];

/** Screens with a text field: printable keys go into it. */
export const TYPING_SCREENS: readonly ScreenName[] = ['filter', ...TYPED];

/** The rows of one screen, in order. */
export function keysOfScreen(screen: ScreenName): readonly (KeyRow & { readonly command: CommandId })[] {
  const rows: readonly (KeyRow & { readonly command: CommandId })[] = KEYMAP;
  return rows.filter((row) => row.screens.includes(screen));
}

/**
 * The row that answers a key on a screen, or `undefined`. What stands in the keymap comes first, and so a key that a
 * question brings along never takes that of consent or of going back.
 */
export function findKey(
  screen: ScreenName,
  key: string,
  context?: KeyContext,
): (KeyRow & { readonly command: CommandId }) | undefined {
  const rows = keysOfScreen(screen);
  const brings = (row: KeyRow): boolean =>
    context !== undefined && row.expand?.(context).some(({ keys }) => keys.includes(key)) === true;
  return rows.find((row) => row.keys.includes(key)) ?? rows.find(brings);
}
