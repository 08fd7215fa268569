/** What each command of the keymap does. Every command works on what is true now, not on what was drawn. */
import type { Choice } from '../../core/job/schema.ts';
import type { SessionState } from '../../core/session/schema.ts';
import type { CommandId } from '../keymap.ts';
import { layoutConsole } from '../layout.ts';
import { assembleFrame } from '../view/assemble-frame.ts';
import { acknowledgeChanges, agree, agreeTyped, answerTyped, answerWithKey, askAgain, choose } from './choose.ts';
import { PANES, type Pane, type ScreenName, screenOf } from './console-state.ts';
import { type Core, setDialog, updateJob } from './core.ts';
import { assembleKeyContext } from './key-context.ts';
import { askLeave, detachRun, interrupt, stopRun } from './leave.ts';
import { rowAtCursor } from './list-window.ts';
import { closeJob, openJob } from './open-job.ts';
import type { PagedList } from './paged-list.ts';
import { mustBeRead } from './reading.ts';
import { settleAs, settleBack, settleNext, startSettle } from './settle.ts';

type Command = (core: Core, key: string) => void;

/** One function for every command; a new row of the keymap does not compile without one. */
export const COMMANDS: Readonly<Record<CommandId, Command>> = {
  open: (core) => openUnderCursor(core, undefined),
  // The menu of choices moves and chooses by itself, see components/choice-menu.
  choose: () => undefined,
  choice_move: () => undefined,
  agree,
  agree_typed: agreeTyped,
  answer: answerWithKey,
  answer_typed: answerTyped,
  resume: (core) => chooseHere(core, 'resume'),
  restart: (core) => chooseHere(core, 'restart'),
  stop: (core) => chooseHere(core, 'stop'),
  cancel: (core) => chooseHere(core, 'cancel'),
  pause: (core) => chooseHere(core, 'pause'),
  rollback: (core) => chooseHere(core, 'rollback'),
  review: (core) => chooseHere(core, 'review'),
  ask_again: askAgain,
  settle: startSettle,
  settle_done: (core) => settleAs(core, 'done'),
  settle_pending: (core) => settleAs(core, 'pending'),
  settle_skipped: (core) => settleAs(core, 'skipped'),
  settle_next: settleNext,
  leave: askLeave,
  stop_run: stopRun,
  detach: detachRun,
  keep_watching: (core) => setDialog(core, undefined),
  look_again: (core) => core.link?.session.send({ type: 'inspect' }),
  changes_read: acknowledgeChanges,
  filter: (core) => core.store.update((state) => ({ ...state, isFiltering: true, notice: undefined })),
  filter_apply: (core) => core.store.update((state) => ({ ...state, isFiltering: false })),
  filter_clear: clearFilter,
  clear: clearFilter,
  scope: switchScope,
  next_pane: (core) => turnPane(core, 1),
  previous_pane: (core) => turnPane(core, -1),
  pane: (core, key) => showPane(core, PANES[Number(key) - 1] ?? 'prompt'),
  up: (core) => moveBy(core, -1),
  down: (core) => moveBy(core, 1),
  page_up: (core) => moveBy(core, -pageRows(core)),
  page_down: (core) => moveBy(core, pageRows(core)),
  first: (core) => moveBy(core, Number.NEGATIVE_INFINITY),
  last: (core) => moveBy(core, Number.POSITIVE_INFINITY),
  close: (core) => setDialog(core, undefined),
  back: goBack,
  quit: (core) => core.exit(0),
  help: (core) => setDialog(core, { type: 'help' }),
  interrupt,
  suspend: (core) => core.suspend(),
};

function openUnderCursor(core: Core, intent: Choice | undefined): void {
  const row = rowAtCursor(core.store.snapshot().jobs);
  if (row === undefined) return;
  openJob(core, { jobId: row.job.id, name: row.job.name, ...(intent === undefined ? {} : { intent }) });
}

function chooseHere(core: Core, choice: Choice): void {
  if (core.store.snapshot().job === undefined) openUnderCursor(core, choice);
  else choose(core, choice);
}

function clearFilter(core: Core): void {
  const { filter } = core.store.snapshot();
  core.store.update((state) => ({ ...state, filter: '', isFiltering: false, notice: undefined }));
  if (filter !== '') core.jobs.restart('keep');
}

function switchScope(core: Core): void {
  core.store.update((state) => ({ ...state, scope: state.scope === 'all' ? 'attention' : 'all', notice: undefined }));
  core.jobs.restart('keep');
}

function turnPane(core: Core, by: number): void {
  const pane = core.store.snapshot().job?.pane ?? 'prompt';
  const at = (PANES.indexOf(pane) + by + PANES.length) % PANES.length;
  showPane(core, PANES[at] ?? 'prompt');
}

function showPane(core: Core, pane: Pane): void {
  updateJob(core, (job) => ({ ...job, pane }));
  core.store.update((state) => ({ ...state, scroll: 0, notice: undefined }));
  if (pane === 'units') core.link?.units.restart('clear');
  else core.link?.refresh();
}

function goBack(core: Core): void {
  const state = core.store.snapshot();
  if (state.dialog?.type === 'settle') settleBack(core);
  else if (state.dialog?.type === 'answer') setDialog(core, undefined);
  else if (canGoBack(state.job?.session)) core.link?.session.send({ type: 'back' });
  else if (state.job?.isReviewing === true) updateJob(core, (job) => ({ ...job, isReviewing: false }));
  else closeJob(core);
}

/** A plan, and a refusal of one, go back to the job; without anything seen there is nothing to go back to. */
function canGoBack(session: SessionState | undefined): boolean {
  return session?.stage === 'planned' || (session?.stage === 'refused' && session.looked !== undefined);
}

function listOf(core: Core, screen: ScreenName): PagedList | undefined {
  if (screen === 'jobs') return core.jobs;
  return screen === 'units' || screen === 'review' ? core.link?.units : undefined;
}

function moveBy(core: Core, delta: number): void {
  const list = listOf(core, screenOf(core.store.snapshot()));
  if (list === undefined) scrollBy(core, delta);
  else list.move(delta);
}

/** Scrolls text, never beyond what the screen has, and over nothing that must be read first. */
function scrollBy(core: Core, delta: number): void {
  core.store.update((state) => {
    const frame = assembleFrame(state);
    const { unreadLines } = assembleKeyContext(state);
    const isRead = !mustBeRead(state) || unreadLines === 0;
    const limit = isRead ? frame.scrollLimit : Math.min(frame.scrollLimit, state.reading?.to ?? 0);
    const scroll = Math.max(0, Math.min(limit, Math.min(frame.scrollLimit, state.scroll) + delta));
    return scroll === state.scroll ? state : { ...state, scroll };
  });
}

function pageRows(core: Core): number {
  const state = core.store.snapshot();
  const layout = layoutConsole(state);
  const screen = screenOf(state);
  if (screen === 'jobs') return Math.max(1, layout.list);
  if (screen === 'units' || screen === 'review') return Math.max(1, layout.paneList);
  const { from, to } = assembleFrame(state).text;
  return Math.max(1, to - from);
}
