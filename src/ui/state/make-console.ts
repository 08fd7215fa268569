/** The console without its drawing: takes keys, keeps the state, drives sessions. Screens only show what it holds. */

import { toRecoveryError } from '../../core/errors.ts';
import type { Choice, JobSummary } from '../../core/job/schema.ts';
import type { ConsoleOptions } from '../console-options.ts';
import { type CommandId, findKey, TYPING_SCREENS } from '../keymap.ts';
import { layoutConsole } from '../layout.ts';
import { MENU_CHOICES } from '../view/choice-items.ts';
import { choose } from './choose.ts';
import { COMMANDS } from './commands.ts';
import { type ConsoleState, screenOf, startState } from './console-state.ts';
import { type Core, say, sayError } from './core.ts';
import { makeDeeds } from './deeds.ts';
import { editText, insertText } from './edit-text.ts';
import { makeGuard } from './guard.ts';
import { assembleKeyContext } from './key-context.ts';
import { endConsole, leaveConsole } from './leave.ts';
import { closeJob, openJob } from './open-job.ts';
import { makePagedList, type PagedList } from './paged-list.ts';
import { followReading, mustBeRead } from './reading.ts';
import { updateSettle } from './settle.ts';
import { makeStore, type Store } from './store.ts';
import { makeWatch } from './watch.ts';

/** Ways out of the console that only its terminal has. */
export type ConsoleExits = { readonly exit: (exitCode: number) => void; readonly suspend: () => void };

export type Console = {
  readonly store: Store<ConsoleState>;
  /** Acts on one key, named by `nameKey`. */
  readonly press: (key: string) => void;
  /** Puts pasted text into the text field on the screen; without one it is dropped. */
  readonly paste: (text: string) => void;
  /** Takes a choice from the menu, if it was taken with Enter: a digit never chooses. */
  readonly chooseFromMenu: (choice: Choice) => void;
  /** For the key gate: may this key go through, and: it is about to. Keys are as the terminal sent them. */
  readonly accepts: (raw: string) => boolean;
  readonly arrives: (raw: string) => void;
  readonly resize: (columns: number | undefined, rows: number | undefined) => void;
  readonly start: () => void;
  readonly end: (exitCode: number) => void;
  readonly leave: (exitCode: number) => void;
  readonly close: () => void;
  /** What to print after the terminal was given back. */
  readonly lastWords: () => string;
};

/** Makes a console on the ports of `options`. Nothing is read before `start`. */
export function makeConsole(options: ConsoleOptions, exits: ConsoleExits): Console {
  const core = makeCore(options, exits);
  const { store } = core;
  const watch = makeWatch(core);
  const stopReading = followReading(store);
  let raw = '';
  return {
    store,
    press: (key) => press(core, key),
    paste: (text) => typeText(core, (before) => insertText(before, text)),
    chooseFromMenu: (choice) => {
      if (raw === '\r') choose(core, choice);
    },
    accepts: core.guard.accepts,
    arrives: (key) => {
      raw = key;
    },
    resize: (columns, rows) => resize(core, { columns, rows }),
    start: () => {
      core.jobs.refresh();
      if (options.singleJobId !== undefined) openJob(core, { jobId: options.singleJobId, name: options.singleJobId });
      watch.start();
    },
    end: (exitCode) => endConsole(core, exitCode),
    leave: (exitCode) => leaveConsole(core, exitCode),
    close: () => {
      watch.close();
      stopReading();
      core.guard.close();
      closeJob(core);
      core.jobs.close();
    },
    lastWords: () => core.deeds.lastWords(),
  };
}

function makeCore(options: ConsoleOptions, exits: ConsoleExits): Core {
  const layout = layoutConsole(options.stdout);
  const { place, version, readOnly } = options;
  const store = makeStore(startState({ columns: layout.columns, rows: layout.rows, place, version, readOnly }));
  const guard = makeGuard(store);
  const deeds = makeDeeds();
  return {
    options,
    store,
    guard,
    jobs: makeJobs({ options, store, guard }),
    deeds,
    exit: (exitCode) => {
      const done = deeds.whenDone();
      if (done === undefined) exits.exit(exitCode);
      else void done.then(() => exits.exit(exitCode));
    },
    suspend: exits.suspend,
    link: undefined,
    exitWhenIdle: undefined,
  };
}

function makeJobs(parts: Pick<Core, 'options' | 'store' | 'guard'>): PagedList {
  const { options, store, guard } = parts;
  return makePagedList<JobSummary>(
    {
      clock: options.clock,
      identify: (row) => row.job.id,
      read: async (offset, limit) => {
        const { scope, filter } = store.snapshot();
        const page = await options.reader.list({
          scope,
          offset,
          limit,
          withReceipts: true,
          ...(filter === '' ? {} : { text: filter }),
        });
        return { rows: page.jobs, total: page.total, goingOn: page.goingOn ?? 0 };
      },
      onChange: (jobs) => store.update((state) => ({ ...state, jobs, listError: undefined })),
      onGone: (jobId) => {
        guard.raise();
        // The operator's own recovery has just been told about.
        if (jobId === store.snapshot().closedJobId) return;
        say(parts, 'The job under the cursor left the list; a shows all jobs.', 'warning');
      },
      onError: (thrown) => {
        store.update((state) => ({ ...state, listError: toRecoveryError(thrown) }));
        sayError(parts, thrown);
      },
    },
    layoutConsole(store.snapshot()).list,
  );
}

function press(core: Core, key: string): void {
  const state = core.store.snapshot();
  const screen = screenOf(state);
  const row = findKey(screen, key);
  if (row === undefined) {
    if (TYPING_SCREENS.includes(screen)) typeText(core, (text) => editText(text, key) ?? text);
    return;
  }
  const context = assembleKeyContext(state);
  const reason = row.blockedBy?.(context);
  // A choice that is refused says itself why, and what to do about it.
  const choice = MENU_CHOICES.find((one) => one === row.command);
  if (choice !== undefined && reason !== undefined && reason === context.refusals[choice]) {
    choose(core, choice);
    return;
  }
  if (reason !== undefined) {
    say(core, `${row.label}: ${reason}`, 'warning');
    return;
  }
  if (!MOVES.has(row.command)) clearNotice(core);
  COMMANDS[row.command](core, key);
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
function typeText(core: Core, change: (text: string) => string): void {
  const screen = screenOf(core.store.snapshot());
  if (screen === 'filter') {
    core.store.update((state) => ({ ...state, filter: change(state.filter) }));
    core.jobs.restart('keep');
  }
  if (screen === 'type_name') {
    core.store.update((state) => ({ ...state, typedName: change(state.typedName), notice: undefined }));
  }
  if (screen === 'settle_text')
    updateSettle(core, (dialog) => ({ ...dialog, [dialog.field]: change(dialog[dialog.field]) }));
}

type Size = { readonly columns: number | undefined; readonly rows: number | undefined };

function resize(core: Core, size: Size): void {
  const { columns, rows, list, paneList } = layoutConsole(size);
  core.store.update((state) =>
    state.columns === columns && state.rows === rows
      ? state
      : // A text that must be read is another one at another width, and is read from its beginning.
        { ...state, columns, rows, scroll: mustBeRead(state) && columns !== state.columns ? 0 : state.scroll },
  );
  core.jobs.resize(list);
  core.link?.units.resize(paneList);
}
