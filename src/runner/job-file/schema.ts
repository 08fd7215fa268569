/** What job files of every kind have in common. Messages say what was expected; the reader adds what was found. */
import * as z from 'zod/mini';
import { LIMITS } from './limits.ts';

/** Text that says something: not blank, without NUL. `expected` is what a message says was expected. */
export const text = (expected: string) =>
  z.string({ error: expected }).check(
    z.regex(/\S/, { error: expected }),
    z.refine((value) => !value.includes('\0'), { error: expected }),
  );

/** The name of a job. */
export const JobName = text('text').check(
  z.maxLength(LIMITS.nameLength, { error: `text of at most ${LIMITS.nameLength} characters` }),
  z.regex(/^\P{Cc}*$/u, { error: 'text on one line without control characters' }),
);

/** What a job's name has to be, when this one is not; undefined for a name. Errors: none. */
export function describeNameProblem(candidate: string): string | undefined {
  return JobName.safeParse(candidate).error?.issues[0]?.message;
}

/** One thing wrong with a job file: where, and what was expected there. */
export type ShapeProblem = {
  readonly path: readonly PropertyKey[];
  /** Keys that are not known at `path`; absent when a value is wrong. */
  readonly unknownKeys?: readonly string[];
  readonly expected: string;
};

/** Checks the shape of a job file: the value when all is well, else every problem. Errors: none. */
export function checkShape<T>(
  shape: z.ZodMiniType<T>,
  value: unknown,
): { readonly file: T } | { readonly problems: readonly ShapeProblem[] } {
  const result = shape.safeParse(value);
  if (result.success) return { file: result.data };
  return {
    problems: result.error.issues.map((issue) => ({
      path: issue.path,
      expected: issue.code === 'invalid_key' ? 'a name of letters, digits and _' : issue.message,
      ...(issue.code === 'unrecognized_keys' ? { unknownKeys: issue.keys } : {}),
    })),
  };
}
