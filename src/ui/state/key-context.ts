/** What rows of the keymap need to know to say why they are blocked. */
import type { UnitsEvidence } from '../../core/evidence/schema.ts';
import type { Choice } from '../../core/job/schema.ts';
import type { KeyContext } from '../keymap.ts';
import type { ConsoleState } from './console-state.ts';
import { rowAtCursor } from './list-window.ts';

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

function describeNoAskAgain(units: UnitsEvidence | undefined): string | undefined {
  if (units?.canVerify !== true) return 'the job has no verify hook';
  if (units.counts.needs_review > units.inReviewWithReceipt) return undefined;
  return 'nothing under review is without a receipt';
}
