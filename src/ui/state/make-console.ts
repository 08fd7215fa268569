/** The console without its drawing: takes keys, keeps the state, drives sessions. Screens only show what it holds. */

import { toRecoveryError } from '../../core/errors.ts';
import type { Choice, JobSummary } from '../../core/job/schema.ts';
import type { UnreadPlace } from '../../core/ports.ts';
import type { ConsoleOptions } from '../console-options.ts';
import { layoutConsole } from '../layout.ts';
import { choose } from './choose.ts';
import { type ConsoleState, startState } from './console-state.ts';
import { type Core, say, sayError, warn } from './core.ts';
import { makeDeeds } from './deeds.ts';
import { insertText } from './edit-text.ts';
import { makeGuard } from './guard.ts';
import { endConsole, leaveConsole } from './leave.ts';
import { followCauses } from './notice-cause.ts';
import { closeJob, openJob } from './open-job.ts';
import { makePagedList, type PagedList } from './paged-list.ts';
import { press, typeText } from './press.ts';
import { followReading, mustBeRead } from './reading.ts';
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
  options.onWarnings?.((warning) => warn(core, warning));
  const watch = makeWatch(core);
  const stopReading = followReading(store);
  const stopCauses = followCauses(store);
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
      stopCauses();
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
    warning: undefined,
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
        noteUnread(parts, page.unread ?? []);
        return { rows: page.jobs, total: page.total, goingOn: page.goingOn ?? 0 };
      },
      onChange: (jobs) =>
        store.update(({ notice, ...state }) => ({
          ...state,
          jobs,
          // What could not be read is here again.
          notice: state.listError === undefined ? notice : undefined,
          listError: undefined,
        })),
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

/** Names a place that cannot be read when that is news; the title goes on saying that jobs are missing. */
function noteUnread(parts: Pick<Core, 'store'>, unread: readonly UnreadPlace[]): void {
  const before = new Set(parts.store.snapshot().unread.map(({ path, error }) => `${path} ${error.code}`));
  parts.store.update((state) => (unread.length + state.unread.length === 0 ? state : { ...state, unread }));
  const news = unread.find(({ path, error }) => !before.has(`${path} ${error.code}`));
  if (news) sayError(parts, news.error);
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
