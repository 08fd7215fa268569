/** What rows of the keymap need to know to say why they are blocked. */
import type { UnitsEvidence } from '../../core/evidence/schema.ts';
import type { Choice } from '../../core/job/schema.ts';
import type { ConsoleState } from './console-state.ts';
import { rowAtCursor } from './list-window.ts';

/** What a row of the keymap needs to know to say why its key does nothing now. */
export type KeyContext = {
  readonly readOnly: boolean;
  /** A job is under the cursor, or open. */
  readonly hasJob: boolean;
  /** Why choices of the open job cannot be taken, by choice; empty while that is not known. */
  readonly refusals: Readonly<Partial<Record<Choice, string>>>;
  readonly openQuestions: number;
  /** What is carried out is a cancel. */
  readonly isCancelling: boolean;
  /** Why the verify hook cannot be asked again about units under review, or `undefined`. */
  readonly noAskAgain: string | undefined;
  /** A unit is under the cursor. */
  readonly hasUnit: boolean;
  /** Lines of the plan, refusal or unit to settle that have not been on the screen yet. */
  readonly unreadLines: number;
  /** The plan went stale, and nobody has said yet that what changed was read. */
  readonly hasChanged: boolean;
};

/** Assembles it from the state of the console. */
export function assembleKeyContext(state: ConsoleState): KeyContext {
  const { job } = state;
  const refusals: Partial<Record<Choice, string>> = {};
  for (const proposal of Object.values(job?.looked?.proposals ?? {})) {
    if (proposal.type !== 'refused') continue;
    const { choice, message } = proposal.refusal;
    if (choice !== 'pause' && choice !== 'rollback') refusals[choice] = message;
  }
  return {
    readOnly: state.readOnly,
    hasJob: job !== undefined || rowAtCursor(state.jobs) !== undefined,
    refusals,
    noAskAgain: describeNoAskAgain(job?.looked?.evidence.units),
    isCancelling: job?.session.stage === 'executing' && job.session.plan.choice === 'cancel',
    openQuestions: job?.session.stage === 'planned' ? job.session.plan.questions.length : 0,
    hasUnit: job !== undefined && rowAtCursor(job.units) !== undefined,
    unreadLines: state.reading === undefined ? 0 : state.reading.total - state.reading.to,
    hasChanged: job?.stale?.stage === 'unread',
  };
}

/** Why the verify hook cannot be asked again about units under review, or undefined when it can. */
export function describeNoAskAgain(units: UnitsEvidence | undefined): string | undefined {
  if (units?.canVerify !== true) return 'the job has no verify hook';
  if (units.counts.needs_review > units.inReviewWithReceipt) return undefined;
  return 'nothing under review is without a receipt';
}
