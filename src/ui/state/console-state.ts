/** Everything the console shows, as one immutable value; screens are pure functions of it and of the terminal size. */

import type { RecoveryError } from '../../core/errors.ts';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { JobSummary } from '../../core/job/schema.ts';
import type { AuditEntry, JobQuery, UnreadPlace } from '../../core/ports.ts';
import type { Looked, SessionState } from '../../core/session/schema.ts';
import { type ListWindow, startWindow } from './list-window.ts';
import { openQuestions } from './open-questions.ts';

/** Views of one job, in the order of their number keys. */
export const PANES = ['prompt', 'units', 'evidence', 'audit', 'log'] as const;
export type Pane = (typeof PANES)[number];

/** Where keys go. A screen's keys are the rows of the keymap that name it. */
export const SCREENS = [
  'jobs',
  'filter',
  'job',
  'units',
  'checkpoints',
  'evidence',
  'audit',
  'log',
  'review',
  'plan',
  'type_name',
  'progress',
  'leave',
  'report',
  'refused',
  'settle',
  'settle_text',
  'answer_text',
  'help',
] as const;
export type ScreenName = (typeof SCREENS)[number];

/** One line for the operator: the answer to a key, or news. */
export type Notice = {
  readonly tone: 'plain' | 'warning' | 'danger';
  readonly text: string;
  /** It answers a key that did nothing, and goes with the next key. */
  readonly cause?: NoticeCause;
  /** It says that the job of this id still runs, and goes when the list says that it does not. */
  readonly runningId?: string;
};

/** Which command did nothing, and why, as a code or in words; the message goes when that is not so any more. */
export type NoticeCause = { readonly command?: string; readonly why?: string };

/** Settling one unit: first as what, then the receipt (done only), then the reason. */
export type SettleDialog = {
  readonly type: 'settle';
  readonly unit: UnitFacts;
  readonly as?: 'done' | 'pending' | 'skipped';
  readonly field: 'receipt' | 'reason';
  readonly receipt: string;
  readonly reason: string;
};

/** Typing an answer to a question of the plan. */
export type AnswerDialog = {
  readonly type: 'answer';
  readonly questionId: string;
  readonly prompt: string;
  readonly text: string;
};

export type Dialog =
  | { readonly type: 'help' }
  /** Asked before leaving a recovery that runs; `thenQuit` when it was asked by Ctrl+C. */
  | { readonly type: 'leave'; readonly thenQuit: boolean }
  | SettleDialog
  | AnswerDialog;

/** A plan that went stale: what changed since it was agreed to, a line each, and what the operator has said to that. */
export type StalePlan = {
  readonly changes: readonly string[];
  /** `looking` until the new plan is there; `unread` until the operator has said that the changes were read. */
  readonly stage: 'looking' | 'unread' | 'read';
};

/** How much of a text that must be read before its key acts has been on the screen, from its first line on. */
export type Reading = { readonly key: string; readonly to: number; readonly total: number };

/** The job that is open. `looked` is what was last seen, and stays while the job is looked at again. */
export type OpenJob = {
  readonly jobId: string;
  readonly name: string;
  readonly session: SessionState;
  readonly looked: Looked | undefined;
  readonly pane: Pane;
  readonly isReviewing: boolean;
  readonly stale: StalePlan | undefined;
  readonly units: ListWindow<UnitFacts>;
  readonly audit: readonly AuditEntry[] | undefined;
  readonly log: readonly string[] | undefined;
  /** When the shown session state was taken; rates are counted up to here, so that an idle screen stays as it is. */
  readonly seenAtMs: number;
};

export type ConsoleState = {
  readonly columns: number;
  readonly rows: number;
  readonly place: string;
  readonly version: string;
  readonly readOnly: boolean;
  readonly jobs: ListWindow<JobSummary>;
  readonly scope: JobQuery['scope'];
  readonly filter: string;
  readonly isFiltering: boolean;
  readonly listError: RecoveryError | undefined;
  /** Places whose jobs are missing in the list. */
  readonly unread: readonly UnreadPlace[];
  readonly job: OpenJob | undefined;
  /** The job that was open last: when it leaves the list, the operator knows. */
  readonly closedJobId: string | undefined;
  readonly dialog: Dialog | undefined;
  readonly notice: Notice | undefined;
  /** First line of the text on the screen; each screen starts at 0. */
  readonly scroll: number;
  readonly reading: Reading | undefined;
  readonly typedName: string;
  /** Raised for a moment when the screen changed by itself or shows a plan: keys that act are dropped. */
  readonly isGuarded: boolean;
};

/** The state before anything was read. */
export function startState(
  given: Pick<ConsoleState, 'columns' | 'rows' | 'place' | 'version' | 'readOnly'>,
): ConsoleState {
  return {
    ...given,
    jobs: startWindow(given.rows),
    scope: 'attention',
    filter: '',
    isFiltering: false,
    listError: undefined,
    unread: [],
    job: undefined,
    closedJobId: undefined,
    dialog: undefined,
    notice: undefined,
    scroll: 0,
    reading: undefined,
    typedName: '',
    isGuarded: false,
  };
}

/** Which screen a state shows: a dialog first, then what the session is at, then where the operator went. */
export function screenOf(state: ConsoleState): ScreenName {
  if (state.dialog !== undefined) return dialogScreen(state.dialog);
  if (state.job === undefined) return state.isFiltering ? 'filter' : 'jobs';
  return jobScreen(state.job);
}

function dialogScreen(dialog: Dialog): ScreenName {
  if (dialog.type === 'answer') return 'answer_text';
  if (dialog.type !== 'settle') return dialog.type;
  return dialog.as === undefined ? 'settle' : 'settle_text';
}

function jobScreen(job: OpenJob): ScreenName {
  const { session } = job;
  if (session.stage === 'executing') return 'progress';
  if (session.stage === 'reported') return 'report';
  if (session.stage === 'refused') return 'refused';
  if (session.stage === 'planned') {
    return session.plan.consentForm === 'type_name' && openQuestions(session.plan).length === 0 ? 'type_name' : 'plan';
  }
  if (job.isReviewing) return 'review';
  // A job with checkpoints has no units: they are a text.
  if (job.pane === 'units' && job.looked?.evidence.checkpoints) return 'checkpoints';
  return job.pane === 'prompt' ? 'job' : job.pane;
}
