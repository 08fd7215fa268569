/** The plan of a choice before it happens, and what consent to it looks like. */
import type { Evidence } from '../../core/evidence/schema.ts';
import type { Plan } from '../../core/plan/schema.ts';
import { askInWords } from '../../present/families/registry.ts';
import { formatCount } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import { chooseUnitWord, describeStep, describeWarning } from '../../present/words.ts';
import type { ConsoleState, StalePlan } from '../state/console-state.ts';
import { answerKeys, openQuestions } from '../state/open-questions.ts';
import { chooseTypedWord, type TypedWord } from '../state/typed-consent.ts';
import { CURSOR_MARK } from '../theme.ts';
import { BLANK, type Line, textLine, wrappedLines } from './line.ts';

/** What stands above a plan that took the place of a stale one: what changed, and that nothing was done. */
export function assembleStaleText(stale: StalePlan | undefined, columns: number): readonly Line[] {
  if (stale === undefined) return [];
  return [
    ...wrappedLines('The job changed since you agreed. Nothing was done. What changed:', columns, { tone: 'danger' }),
    ...stale.changes.flatMap((change) => wrappedLines(`- ${change}`, columns, { tone: 'warning', indent: 2 })),
    ...(stale.changes.length === 0 ? wrappedLines('- nothing that has a name here', columns) : []),
    BLANK,
  ];
}

/** The text of a plan: its steps, its warnings, its questions. */
export function assemblePlanText(plan: Plan, evidence: Evidence, columns: number): readonly Line[] {
  const name = safeText(plan.jobName, 200);
  const unit = chooseUnitWord(evidence);
  return [
    ...wrappedLines(`Plan: ${plan.choice} '${name}'`, columns, { tone: 'title' }),
    ...wrappedLines(`Nothing has been changed yet (plan ${plan.digest.slice(0, 12)}).`, columns, { tone: 'faint' }),
    BLANK,
    ...plan.warnings.flatMap((warning) => wrappedLines(describeWarning(warning), columns, { tone: 'danger' })),
    ...(plan.warnings.length > 0 ? [BLANK] : []),
    textLine('Steps', 'title'),
    ...plan.steps.flatMap((step, at) =>
      wrappedLines(`${String(at + 1).padStart(2)}. ${describeStep(step, unit)}`, columns, { indent: 4 }),
    ),
    ...questionLines(plan, evidence, columns),
  ];
}

function questionLines(plan: Plan, evidence: Evidence, columns: number): readonly Line[] {
  return plan.questions.flatMap((question) => {
    const { prompt, facts, options, text } = askInWords(evidence, question);
    const ways = options.map(({ key, label }) => `  ${key}  ${label}`);
    const typed = question.textKey === undefined ? [] : [`  ${question.textKey}  type ${text ?? 'the answer'}`];
    return [
      BLANK,
      textLine(question.isOptional ? 'Question, which may stay open' : 'Question', 'title'),
      ...wrappedLines(prompt, columns, { tone: question.isOptional ? 'plain' : 'warning' }),
      ...facts.flatMap((fact) => wrappedLines(`- ${fact}`, columns, { indent: 2 })),
      ...[...ways, ...typed].flatMap((way) => wrappedLines(way, columns, { indent: 5 })),
    ];
  });
}

/** The keys that answer what has to be answered, as in `e or w`. */
function describeAnswerKeys(plan: Plan): string {
  const keys = answerKeys({ questions: openQuestions(plan) }).map(({ key }) => key);
  return keys.length < 2 ? keys.join('') : `${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`;
}

/** What to do to agree; it stands below the text and never scrolls away. Empty while keys are guarded. */
export function assembleConsent(plan: Plan, state: ConsoleState): readonly Line[] {
  if (openQuestions(plan).length > 0)
    return [textLine(`Answer the question to go on: ${describeAnswerKeys(plan)}.`, 'accent')];
  if (plan.consentForm === 'type_name') {
    const word = chooseTypedWord(plan);
    const unit = plan.warnings.find((warning) => warning.unit !== undefined)?.unit ?? 'row';
    const repeats = plan.wouldRepeat > 0 ? ` (${formatCount(plan.wouldRepeat, unit)} would be done twice)` : '';
    return [
      ...wrappedLines(`${askForWord(word, plan)}${repeats}`, state.columns, { tone: 'accent' }),
      ...wrappedLines(`${CURSOR_MARK} ${safeText(state.typedName)}_`, state.columns, { indent: 2 }),
    ];
  }
  const isUnread = state.reading !== undefined && state.reading.to < state.reading.total;
  if (!isUnread && !state.isGuarded && state.job?.stale?.stage === 'unread') {
    const short = 'Space: I have read what changed.';
    return [textLine(state.columns < 60 ? short : `This is another plan. ${short} n or Esc goes back.`, 'accent')];
  }
  return [
    state.isGuarded || isUnread
      ? textLine('Read the plan...', 'faint')
      : textLine(
          state.columns < 60
            ? 'y agrees to the plan above; n: back.'
            : 'Do this? y agrees to the plan above; n or Esc goes back.',
          'accent',
        ),
  ];
}

/** Asks for the name, or says that it is the id that has to be typed. */
export function askForWord({ what, text, isPlain }: TypedWord, { jobId }: Pick<Plan, 'jobId'>): string {
  if (what === 'id') return `The name of this job cannot be typed. To agree, type its id and press Enter: ${text}`;
  const orId = isPlain ? '' : ` (or its id ${safeText(jobId, 100)})`;
  return `To agree, type the name of the job${orId} and press Enter: ${text}`;
}
