/** The whole screen as lines: a pure function of the console's state. */

import type { UnitWord } from '../../present/families/family-words.ts';
import { formatCount } from '../../present/format.ts';
import { describeTotal } from '../../present/job-rows.ts';
import { safeText } from '../../present/safe-text.ts';
import { chooseUnitWord } from '../../present/words.ts';
import { describeUnread } from '../keymap.ts';
import { type Layout, layoutConsole } from '../layout.ts';
import { type ConsoleState, type OpenJob, type ScreenName, screenOf } from '../state/console-state.ts';
import { assembleKeyContext } from '../state/key-context.ts';
import { assembleAnswerText } from './answer-view.ts';
import { assembleChoiceItems, type ChoiceItem, firstChoice } from './choice-items.ts';
import { assembleFooter, assembleHelpText, assembleTitle, SCREEN_TITLES } from './help-view.ts';
import { assemblePaneText, tabsLine } from './job-view.ts';
import { assembleJobsBody } from './jobs-view.ts';
import { BLANK, fillLines, type Line, scrollLines, textLine, wrappedLines } from './line.ts';
import { assembleConsent, assemblePlanText, assembleStaleText } from './plan-view.ts';
import { assembleLeaveText, assembleProgressText, assembleRefusedText, assembleReportText } from './run-view.ts';
import { assembleSettleText, type SettleText } from './settle-view.ts';
import { assembleUnitsBody } from './units-view.ts';

/** The menu of choices; it stands at the end of the body and draws itself. */
export type FrameMenu = { readonly items: readonly ChoiceItem[]; readonly first: number; readonly rows: number };

/**
 * One screen. `above` and `below` and the menu's rows together are exactly the rows of the terminal.
 * `scrollLimit` is the last position its text can be scrolled to; `text` says which of its lines are on the screen.
 */
export type Frame = {
  readonly screen: ScreenName;
  readonly above: readonly Line[];
  readonly menu: FrameMenu | undefined;
  readonly below: readonly Line[];
  readonly scrollLimit: number;
  readonly text: VisibleText;
};

/** The lines `from` (from 0) up to `to` of `total` are on the screen. */
export type VisibleText = { readonly from: number; readonly to: number; readonly total: number };

const NO_TEXT: VisibleText = { from: 0, to: 0, total: 0 };

/** Assembles the screen of a state. Source: terminal trap 5 (never taller than the terminal). */
export function assembleFrame(state: ConsoleState): Frame {
  const whole = layoutConsole(state);
  const screen = screenOf(state);
  const notice = noticeLines(state, screen, whole);
  const layout = shrinkText(whole, Math.max(0, notice.length - whole.notice));
  const { lines, menu, scrollLimit, text = NO_TEXT } = assembleBody(state, screen, layout);
  const title = layout.title === 1 ? [titleLine(state, screen, layout)] : [];
  const room = Math.max(0, layout.body - (menu?.rows ?? 0));
  // The choices stand right below what they are about, with a blank row between when there is one.
  const used = menu === undefined ? room : Math.min(room, lines.length + 1);
  return {
    screen,
    above: [...title, ...fillLines(lines, used)],
    menu,
    below: [...fillLines([], room - used), ...notice, ...fillLines(footerLines(state, screen, layout), layout.footer)],
    scrollLimit,
    text,
  };
}

/** The layout with `rows` rows of the body given to a long message: texts, details and units give them. */
function shrinkText(layout: Layout, rows: number): Layout {
  return {
    ...layout,
    body: layout.body - rows,
    paneText: layout.paneText - rows,
    paneList: Math.max(0, layout.paneList - rows),
    prompt: layout.prompt - rows,
  };
}

type Body = {
  readonly lines: readonly Line[];
  readonly menu?: FrameMenu | undefined;
  readonly scrollLimit: number;
  readonly text?: VisibleText;
};

function assembleBody(state: ConsoleState, screen: ScreenName, layout: Layout): Body {
  const { job, dialog } = state;
  if (dialog?.type === 'help') return scrolled(helpText(state), layout.body, state.scroll);
  if (dialog?.type === 'answer')
    return settleBody(assembleAnswerText(dialog, layout.columns), layout.body, state.scroll);
  if (dialog?.type === 'settle')
    return settleBody(assembleSettleText(dialog, unitOf(job), layout.columns), layout.body, state.scroll);
  if (job === undefined) return { lines: assembleJobsBody(state, layout), scrollLimit: 0 };
  if (dialog?.type === 'leave')
    return scrolled(assembleLeaveText(job.session, layout.columns), layout.body, state.scroll);
  if (screen === 'review') {
    const title = textLine(`${formatCount(job.units.total, unitOf(job))} to decide about`, 'title');
    return { lines: assembleUnitsBody(job, layout, title), scrollLimit: 0 };
  }
  return assembleSessionBody(state, job, layout) ?? assemblePaneBody(state, job, layout);
}

/** The field that is typed in stands at the end and never scrolls away; where there is room all is one text. */
function settleBody({ text, field, hint }: SettleText, height: number, scroll: number): Body {
  const whole = [...text, ...field, ...hint];
  if (field.length === 0 || whole.length <= height) return scrolled(whole, height, scroll);
  const typed = field.slice(-Math.max(1, height - 3));
  const words = hint.filter((line) => line !== BLANK);
  const pinned = [...typed, ...(typed.length + words.length + 3 <= height ? words : [])];
  const above = scrolled(
    text.filter((line) => line !== BLANK),
    Math.max(0, height - pinned.length),
    scroll,
  );
  return { ...above, lines: [...fillLines(above.lines, Math.max(0, height - pinned.length)), ...pinned] };
}

function helpText(state: ConsoleState): readonly Line[] {
  return assembleHelpText(screenOf({ ...state, dialog: undefined }), assembleKeyContext(state), state.columns);
}

function unitOf(job: OpenJob | undefined): UnitWord {
  return job?.looked === undefined ? 'row' : chooseUnitWord(job.looked.evidence);
}

/** The body of a session that is past looking; `undefined` while it only looks. */
function assembleSessionBody(state: ConsoleState, job: OpenJob, layout: Layout): Body | undefined {
  const { session } = job;
  const { columns, body } = layout;
  if (session.stage === 'executing')
    return scrolled(assembleProgressText(session, job.seenAtMs, columns), body, state.scroll);
  if (session.stage === 'reported') return scrolled(assembleReportText(session, columns), body, state.scroll);
  if (session.stage === 'refused') {
    const changed = session.error.code === 'EVIDENCE_STALE' ? [] : assembleStaleText(job.stale, columns);
    return scrolled([...changed, ...assembleRefusedText(session, columns)], body, state.scroll);
  }
  if (session.stage !== 'planned') return undefined;
  const consent = assembleConsent(session.plan, state).slice(-Math.max(1, body - 1));
  const text = scrolled(
    [...assembleStaleText(job.stale, columns), ...assemblePlanText(session.plan, session.evidence, columns)],
    Math.max(0, body - consent.length),
    state.scroll,
  );
  return { ...text, lines: [...fillLines(text.lines, Math.max(0, body - consent.length)), ...consent] };
}

function assemblePaneBody(state: ConsoleState, job: OpenJob, layout: Layout): Body {
  if (job.pane === 'units' && job.looked !== undefined && !job.looked.evidence.checkpoints)
    return { lines: assembleUnitsBody(job, layout, tabsLine(job)), scrollLimit: 0 };
  const menu = job.pane === 'prompt' && job.looked !== undefined ? assembleMenu(job, layout) : undefined;
  const tabs = layout.tabs === 1 ? [tabsLine(job)] : [];
  const room = layout.paneText - (menu?.rows ?? 0);
  const text = scrolled(assemblePaneText(state, job, room), room, state.scroll);
  return { ...text, lines: [...tabs, ...text.lines], menu };
}

function assembleMenu(job: OpenJob, layout: Layout): FrameMenu | undefined {
  if (job.looked === undefined || layout.menu <= 0) return undefined;
  const items = assembleChoiceItems(job.looked);
  return { items, first: firstChoice(job.looked), rows: Math.min(layout.menu, items.length) };
}

function scrolled(lines: readonly Line[], height: number, scroll: number): Body {
  const { length: total } = lines;
  const scrollLimit = total <= height ? 0 : Math.max(0, total - Math.max(1, height - 1));
  const from = Math.min(scroll, scrollLimit);
  const to = height <= 0 ? from : from + (total - scrollLimit);
  return { lines: scrollLines(lines, height, scroll), scrollLimit, text: { from, to, total } };
}

function titleLine(state: ConsoleState, screen: ScreenName, layout: Layout): Line {
  const where =
    state.job === undefined ? jobsTitle(state) : `${safeText(state.job.name, 100)} - ${SCREEN_TITLES[screen]}`;
  const right = `${state.readOnly ? 'READ-ONLY  ' : ''}${safeText(state.place, 200)}`;
  return assembleTitle({ left: `Salvor  ${where}`, right, columns: layout.columns });
}

function jobsTitle(state: ConsoleState): string {
  const { total, goingOn, isRead } = state.jobs;
  if (state.listError !== undefined && total === 0) return 'the jobs cannot be read';
  const filter = state.filter === '' ? '' : ` matching '${safeText(state.filter, 60)}'`;
  if (!isRead) return 'reading the jobs';
  const missing = state.unread.length === 0 ? '' : `, ${describeUnreadPlaces(state.unread.length)}`;
  return `${describeTotal({ total, goingOn }, state.scope)}${filter}${missing}`;
}

function describeUnreadPlaces(count: number): string {
  return count === 1 ? '1 place cannot be read' : `${count} places cannot be read`;
}

/** The most rows a message takes from the end of the body, besides its own. */
const NOTICE_EXTRA = 3;

/** A message is shown whole when that is possible: it takes rows from the end of the body, never the jobs'. */
function noticeLines(state: ConsoleState, screen: ScreenName, layout: Layout): readonly Line[] {
  if (layout.notice === 0) return [];
  if (screen === 'filter' || state.notice === undefined) return [noticeLine(state, screen)];
  const free = freeRows(screen, layout);
  const lines = wrappedLines(state.notice.text, layout.columns, { tone: state.notice.tone });
  return lines.slice(0, 1 + Math.min(NOTICE_EXTRA, free));
}

/** Rows of the body a message may take: a list of units keeps the one under the cursor. */
function freeRows(screen: ScreenName, layout: Layout): number {
  if (screen === 'jobs') return layout.detail;
  if (screen === 'units' || screen === 'review') return Math.max(0, layout.paneList - 1);
  return Math.max(0, layout.prompt);
}

function noticeLine(state: ConsoleState, screen: ScreenName): Line {
  if (screen === 'filter') return textLine(`/${safeText(state.filter, 200)}_`, 'accent');
  return state.notice === undefined ? textLine(' ') : textLine(state.notice.text, state.notice.tone);
}

/** While keys are guarded no keys are shown: what the footer shows acts. Small terminals show the notice instead. */
function footerLines(state: ConsoleState, screen: ScreenName, layout: Layout): readonly Line[] {
  if (layout.notice === 0 && (state.notice !== undefined || screen === 'filter')) return [noticeLine(state, screen)];
  if (state.isGuarded) return [];
  const context = assembleKeyContext(state);
  const reading = READING_KEYS[screen];
  const unread = reading === undefined || context.unreadLines === 0 ? [] : [readOnLine(context.unreadLines, reading)];
  const rows = layout.footer - unread.length;
  return [...unread, ...(rows > 0 ? assembleFooter(screen, context, { columns: layout.columns, rows }) : [])];
}

/** Screens whose text must have been on the screen before a key acts, and that key. */
const READING_KEYS: Readonly<Partial<Record<ScreenName, string>>> = {
  plan: 'y',
  type_name: 'Enter',
  refused: 'Enter',
  settle: 'd, p or x',
};

function readOnLine(count: number, key: string): Line {
  return textLine(`${describeUnread(count)}, then ${key}`, 'accent');
}
