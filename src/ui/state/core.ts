/** What the console's commands work on: the store, the lists, the open session, the way out. */
import { RecoveryError, toRecoveryError } from '../../core/errors.ts';
import type { JobError } from '../../core/job/schema.ts';
import type { Session } from '../../core/session/schema.ts';
import { safeText } from '../../present/safe-text.ts';
import type { ConsoleOptions } from '../console-options.ts';
import { describeHint, joinSentences } from '../view/describe-refusal.ts';
import type { ConsoleState, Dialog, OpenJob } from './console-state.ts';
import type { Deeds } from './deeds.ts';
import type { Guard } from './guard.ts';
import type { PagedList } from './paged-list.ts';
import type { Store } from './store.ts';

/** The open job's live parts. `close` lets go of them; the session itself ends with its execution. */
export type JobLink = {
  readonly session: Session;
  readonly units: PagedList;
  /** Reads again what the open view shows. */
  readonly refresh: () => void;
  readonly close: () => void;
};

export type Core = {
  readonly options: ConsoleOptions;
  readonly store: Store<ConsoleState>;
  readonly jobs: PagedList;
  readonly guard: Guard;
  /** What this console did, for its last words. */
  readonly deeds: Deeds;
  /** Leaves the console, once what was asked for and may still change a job is done. */
  readonly exit: (exitCode: number) => void;
  readonly suspend: () => void;
  link: JobLink | undefined;
  /** What went wrong beside the settle under way; told with what it came to. */
  warning: string | undefined;
  /** Leave with this code as soon as the session is at rest. */
  exitWhenIdle: number | undefined;
};

/** Shows one line to the operator; foreign text in it is made safe. */
export function say(core: Pick<Core, 'store'>, text: string, tone: 'plain' | 'warning' | 'danger' = 'plain'): void {
  core.store.update((state) => ({ ...state, notice: { tone, text: safeText(text) } }));
}

/** Shows what went wrong with a read: the list stays, the message and what to do are on the notice line. */
export function sayError(core: Pick<Core, 'store'>, thrown: unknown): void {
  const error = toRecoveryError(thrown);
  say(core, joinSentences(`${error.code}: ${error.message}`, describeHint(error.code)), 'danger');
}

/** Tells what went wrong beside an action and undoes nothing of it: on the screen, and in the last words. */
export function warn(core: Core, { code, message }: JobError): void {
  const text = safeText(`${code}: ${message}`, 600);
  core.deeds.add(text);
  core.warning = text;
  say(core, text, 'warning');
}

/** Changes the open job, if there is one. */
export function updateJob(core: Core, change: (job: OpenJob) => OpenJob): void {
  core.store.update((state) => (state.job === undefined ? state : { ...state, job: change(state.job) }));
}

/** Opens or closes a dialog; the message of the screen before goes. */
export function setDialog(core: Core, dialog: Dialog | undefined): void {
  core.store.update((state) => ({ ...state, dialog, notice: undefined, scroll: 0 }));
}

/** Runs a read and shows its failure; a fault of the console itself still ends it. */
export function inBackground(core: Core, work: Promise<void>): void {
  void work.catch((thrown: unknown) => {
    sayError(core, thrown instanceof RecoveryError ? thrown : toRecoveryError(thrown));
  });
}
