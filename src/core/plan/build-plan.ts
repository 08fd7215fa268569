import { digestValue } from '../digest.ts';
import type { ActingRow, ChoiceContext, ChoiceRow, PlanInput } from './choice-row.ts';
import { ACTING_RULES } from './common-rules.ts';
import { digestBasis } from './plan-basis.ts';
import type { Answers, Plan, Proposal, Question, Refusal } from './schema.ts';

/**
 * Says what a choice would do with what was answered so far, or why it cannot be taken.
 *
 * Shapes: answers to what this choice does not ask of this job, and answers a question does not know, are left out.
 * Errors: none; a refusal is a value. Same input, same digest.
 * Source: seed 002 (choices); design, rules 3, 5 and 6.
 */
export function proposeChoice(input: PlanInput, row: ChoiceRow, given: Answers = {}): Proposal {
  const asked = row.choice === 'review' ? [] : row.questions(input);
  const answers = pickAnswers(asked, given);
  const context: ChoiceContext = { ...input, choice: row.choice, answers };
  const refusal = checkRow(context, row);
  if (refusal) return { type: 'refused', refusal };
  if (row.choice === 'review') return { type: 'review', unitCount: row.countUnits(input) };
  return { type: 'plan', plan: buildPlan(context, row, asked) };
}

function pickAnswers(asked: readonly Question[], given: Answers): Answers {
  const known = asked.flatMap(({ id, options, textKey }): readonly (readonly [string, string])[] => {
    const value = given[id];
    const isAnswer = textKey !== undefined || options.some((option) => option.value === value);
    return value !== undefined && value !== '' && isAnswer ? [[id, value]] : [];
  });
  return Object.fromEntries(known);
}

function checkRow(context: ChoiceContext, row: ChoiceRow): Refusal | undefined {
  const rules = row.choice === 'review' ? row.rules : [...ACTING_RULES, ...row.rules];
  for (const rule of rules) {
    const reason = rule(context);
    if (!reason) continue;
    return { ...reason, choice: row.choice, details: { job: context.evidence.job.id, ...reason.details } };
  }
  return undefined;
}

function buildPlan(context: ChoiceContext, row: ActingRow, asked: readonly Question[]): Plan {
  const { evidence, answers } = context;
  const { choice, basis } = row;
  const steps = row.steps(context);
  const warnings = row.warnings(context);
  const evidenceDigest = digestBasis(basis, evidence);
  const wouldRepeat = row.countRepeats?.(evidence) ?? 0;
  const questions = asked.filter(({ id }) => answers[id] === undefined);
  const core = { choice, jobId: evidence.job.id, evidenceDigest, answers, questions, steps, wouldRepeat };
  // Warnings count what goes on by itself; a plan that rests on the holder alone must stay the same meanwhile.
  const told = basis === 'holder' ? {} : { warnings };
  return Object.freeze({
    ...core,
    basis,
    lasting: Object.fromEntries(
      asked.flatMap(({ id, isOptional }) => (isOptional && answers[id] !== undefined ? [[id, answers[id]]] : [])),
    ),
    warnings,
    jobName: evidence.job.name,
    digest: digestValue({ ...core, ...told }),
    consentForm: row.consent,
  });
}

/** The questions without whose answers a plan cannot be approved. */
export function openQuestions({ questions }: Pick<Plan, 'questions'>): readonly Question[] {
  return questions.filter(({ isOptional }) => !isOptional);
}
