/** Flags that answer the questions of a plan; a question by the id that its family gives it. */
import type { Answers, Question } from '../core/plan/schema.ts';
import type { CommandContext } from './command-context.ts';

/** Questions whose flag takes the answer as its value. */
const VALUE_FLAGS = ['orphans', 'checkpoint'] as const;

/** Questions whose flag has another name, and is one answer, or is read with the settings: a file may say it as well. */
const OTHER_FLAGS: Readonly<Partial<Record<string, string>>> = { verify: '--verify-again', command: '--exec COMMAND' };

/** The answers that flags give, by question id; what a plan does not ask is left out there. Errors: none. */
export function readAnswers({ texts, switches }: CommandContext['asked']): Answers {
  const values = VALUE_FLAGS.flatMap((id) => (texts[id] === undefined ? [] : [[id, texts[id]] as const]));
  return { ...Object.fromEntries(values), ...(switches.has('verify-again') && { verify: 'again' }) };
}

/** How a script answers a question. Errors: none; a question without a flag is named by its id. */
export function describeAnswerFlag({ id, options }: Pick<Question, 'id' | 'options'>): string {
  const other = OTHER_FLAGS[id];
  if (other !== undefined) return other;
  if (!VALUE_FLAGS.some((flag) => flag === id)) return id;
  return options.length === 0 ? `--${id}` : `--${id} ${options.map(({ value }) => value).join('|')}`;
}
