/** What findings, steps, warnings and questions of jobs with units are called. Foreign text is made safe here. */
import type { UnitsFinding, UnitsStep, UnitsWarning } from '../../../core/families/units/schema.ts';
import { describePlace } from '../../../core/plan/describe-place.ts';
import { formatCount } from '../../format.ts';
import { safeText } from '../../safe-text.ts';
import type { FindingWords, QuestionWords, StepWords, WarningWords } from '../family-words.ts';

/** Findings, by type. */
export const UNITS_FINDING_WORDS: FindingWords<UnitsFinding['type']> = {
  units_in_doubt: ({ count, withReceipt, canVerify }, unit) =>
    `in doubt: ${formatCount(count, unit)} started, outcome not known; ${withReceipt} proven by a receipt, ${describeRest(count - withReceipt, canVerify)}`,
  units_in_hand: ({ count }, unit) => `in hand: ${formatCount(count, unit)} begun by the runner, which lives`,
  units_need_review: ({ count }, unit) =>
    `review: ${formatCount(count, unit)} ${count === 1 ? 'waits' : 'wait'} for a person`,
  units_failed: ({ count }, unit) => `failed: ${formatCount(count, unit)}`,
};

function describeRest(count: number, canVerify: boolean): string {
  return canVerify ? `${count} to be asked of the verify hook` : `${count} for a person to settle`;
}

/** Steps, by action. */
export const UNITS_STEP_WORDS: StepWords<UnitsStep['action']> = {
  settle_units: ({ byReceipt, byVerify, toReview }, unit) => {
    const ways = [
      byReceipt > 0 ? `${byReceipt} by receipt` : '',
      byVerify > 0 ? `${byVerify} by the verify hook` : '',
      toReview > 0 ? `${toReview} left for a person to review` : '',
    ].filter((way) => way !== '');
    return `settle ${formatCount(byReceipt + byVerify + toReview, unit)} in doubt: ${ways.join(', ')}`;
  },
  ask_again: ({ count }, unit) => `ask the verify hook again about ${formatCount(count, unit)} under review`,
  retry_failed_units: ({ count }, unit) => `try ${formatCount(count, `failed ${unit}`)} again`,
  reset_units: ({ count }, unit) => `put ${formatCount(count, unit)} back to the start, with new idempotency keys`,
  run_units: ({ count, unlessDone = 0 }, unit) => {
    if (unlessDone === 0) return `run ${formatCount(count, unit)}`;
    const maybe = `the verify hook says ${unlessDone === 1 ? 'is' : 'are'} not done`;
    const most = `at most ${formatCount(unlessDone, unit)}`;
    return count === 0 ? `run what ${maybe}: ${most}` : `run ${formatCount(count, unit)}, and what ${maybe}: ${most}`;
  },
};

/** What a done row of a job with this receipt label would be created twice. Source: contract, restart's warning. */
const EFFECTS: ReadonlyMap<string, string> = new Map([['tracking', 'duplicate shipments']]);

/** Warnings, by code. */
export const UNITS_WARNING_WORDS: WarningWords<UnitsWarning> = {
  WOULD_REPEAT: ({ count = 0, label, unit = 'row' }) => {
    const [rows, one] = [formatCount(count, unit), count === 1];
    const these = one ? `this ${unit}` : `these ${unit}s`;
    if (label === undefined)
      return `WARNING: ${rows} ${one ? 'is' : 'are'} already done. Restarting will do ${these} again.`;
    const name = label === 'receipt' ? 'receipt' : `${safeText(label, 40)} number`;
    const effect = EFFECTS.get(label) ?? 'duplicates';
    return `WARNING: ${rows} already ${one ? `has a ${name}` : `have ${name}s`}. Restarting will create ${effect} for ${these}.`;
  },
  MAY_REPEAT: ({ count = 0, unit = 'row' }) =>
    `WARNING: the outcome of ${formatCount(count, unit)} is not known. Restarting may do ${count === 1 ? 'it' : 'them'} again.`,
  UNITS_NEED_REVIEW: ({ count = 0, unit = 'row' }) =>
    `${formatCount(count, unit)} under review ${count === 1 ? 'is' : 'are'} left alone; settle ${count === 1 ? 'it' : 'them'} with review.`,
  UNITS_ABANDONED: ({ count = 0, unit = 'row', isAtMost = false }) =>
    isAtMost
      ? `At most ${formatCount(count, unit)} will not be done: the job goes on until it is stopped.`
      : `${formatCount(count, unit)} will not be done.`,
  RUNNER_STALLED: () =>
    'The runner does not move: it may not hear that it is to stop, and the job then goes on when it moves again.',
  RUNNER_OUT_OF_REACH: ({ runner, unit = 'row' }) => {
    const inHand = `the ${unit}s it has in hand will be in doubt; say cancel or stop there to spare them.`;
    if (!runner) return `WARNING: Nobody asks the runner to stop. Cancelled from here, ${inHand}`;
    const { pid, host } = runner;
    return `WARNING: Nobody asks the runner to stop: process ${pid} runs ${describePlace({ host: safeText(host, 80) }, runner)}. Cancelled from here, ${inHand}`;
  },
  OUTCOMES_UNKNOWN: ({ count = 0, unit = 'row' }) =>
    `The outcome of ${formatCount(count, unit)} is not known: ${count === 1 ? 'it' : 'each'} may be done. Cancelling leaves ${count === 1 ? 'it' : 'them'} to be settled.`,
};

const ORPHAN_ANSWERS: Readonly<Record<string, string>> = {
  end: 'end them, then go on',
  wait: 'wait until they have ended, then go on',
};

/** Questions, by id. */
export const UNITS_QUESTIONS: QuestionWords = {
  orphans: ({ evidence, question }) => ({
    prompt: 'Processes of the dead run are still at work. Two at once would act twice:',
    facts: evidence.orphans.map(({ pid, command }) => `pid ${pid}: ${safeText(command, 200)}`),
    options: question.options.map((option) => ({ ...option, label: ORPHAN_ANSWERS[option.value] ?? option.value })),
  }),
  verify: ({ evidence: { units }, question }) => ({
    prompt: `${formatCount(units?.counts.needs_review ?? 0, units?.unit ?? 'row')} under review may be asked about again:`,
    facts: [],
    options: question.options.map((option) => ({ ...option, label: 'ask the verify hook again about all' })),
  }),
};
