/** What rows of the keymap need to know to say why they are blocked. */
import type { UnitsEvidence } from '../../core/evidence/schema.ts';
import type { Choice, JobSummary } from '../../core/job/schema.ts';
import type { Looked, SessionState } from '../../core/session/schema.ts';
import { choicesOf, choicesWorthAKey } from '../../present/choices.ts';
import { askInWords } from '../../present/families/registry.ts';
import { isAtOnce } from '../view/is-at-once.ts';
import type { ConsoleState } from './console-state.ts';
import { rowAtCursor } from './list-window.ts';
import { answerKeys, openQuestions } from './open-questions.ts';

/** What a row of the keymap needs to know to say why its key does nothing now. */
export type KeyContext = {
  readonly readOnly: boolean;
  /** A job is under the cursor, or open. */
  readonly hasJob: boolean;
  /** Why choices of the open job cannot be taken, by choice; empty while that is not known. */
  readonly refusals: Readonly<Partial<Record<Choice, string>>>;
  readonly openQuestions: number;
  /** What the job under the cursor, or the open one, can be asked for. */
  readonly choices: readonly Choice[];
  /** Those of them whose keys are shown. */
  readonly shownChoices: readonly Choice[];
  /** What answers a question of the plan. */
  readonly answers: readonly { readonly key: string; readonly label: string }[];
  /** What is carried out runs nothing: there is no half-way. */
  readonly isAtOnce: boolean;
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
    refusals[proposal.refusal.choice] = proposal.refusal.message;
  }
  const seen = job === undefined ? rowAtCursor(state.jobs) : pickSeen(job.looked);
  const planned = job?.session.stage === 'planned' ? job.session : undefined;
  return {
    readOnly: state.readOnly,
    hasJob: job !== undefined || rowAtCursor(state.jobs) !== undefined,
    refusals,
    noAskAgain: describeNoAskAgain(job?.looked?.evidence.units),
    choices: seen === undefined ? [] : choicesOf(seen.job),
    shownChoices: seen === undefined ? [] : choicesWorthAKey(seen.job, seen.verdict),
    answers: planned === undefined ? [] : describeAnswers(planned),
    isAtOnce: job?.session.stage === 'executing' && isAtOnce(job.session.plan),
    openQuestions: planned === undefined ? 0 : openQuestions(planned.plan).length,
    hasUnit: job !== undefined && rowAtCursor(job.units) !== undefined,
    unreadLines: state.reading === undefined ? 0 : state.reading.total - state.reading.to,
    hasChanged: job?.stale?.stage === 'unread',
  };
}

function pickSeen(looked: Looked | undefined): Pick<JobSummary, 'job' | 'verdict'> | undefined {
  return looked && { job: looked.evidence.job, verdict: looked.diagnosis.verdict };
}

type Planned = Extract<SessionState, { readonly stage: 'planned' }>;

function describeAnswers({ plan, evidence }: Planned): KeyContext['answers'] {
  return answerKeys(plan).map(({ key, questionId, value }) => {
    const question = plan.questions.find(({ id }) => id === questionId);
    const asked = question && askInWords(evidence, question);
    const option = asked?.options.find((one) => one.value === value);
    return { key, label: option?.label ?? `type ${asked?.text ?? 'the answer'}` };
  });
}

/** Why the verify hook cannot be asked again about units under review, or undefined when it can. */
export function describeNoAskAgain(units: UnitsEvidence | undefined): string | undefined {
  if (units?.canVerify !== true) return 'the job has no verify hook';
  if (units.counts.needs_review > units.inReviewWithReceipt) return undefined;
  return 'nothing under review is without a receipt';
}
