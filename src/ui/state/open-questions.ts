import type { Plan, Question } from '../../core/plan/schema.ts';

/** The questions that have to be answered before a plan can be agreed to. */
export function openQuestions({ questions }: Pick<Plan, 'questions'>): readonly Question[] {
  return questions.filter(({ isOptional }) => !isOptional);
}

/** A key that answers a question of a plan: with an option, or with a text that is typed next. */
export type AnswerKey = { readonly key: string; readonly questionId: string; readonly value?: string };

/** Every key that answers something now; the first that has a key keeps it. */
export function answerKeys({ questions }: Pick<Plan, 'questions'>): readonly AnswerKey[] {
  const all = questions.flatMap(({ id: questionId, options, textKey }): readonly AnswerKey[] => [
    ...options.map(({ key, value }) => ({ key, questionId, value })),
    ...(textKey === undefined ? [] : [{ key: textKey, questionId }]),
  ]);
  return all.filter(({ key }, index) => all.findIndex((other) => other.key === key) === index);
}
