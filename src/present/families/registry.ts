/** How each family is presented: one line each. */
import { RecoveryError } from '../../core/errors.ts';
import type { Evidence } from '../../core/evidence/schema.ts';
import type { JobRef } from '../../core/job/schema.ts';
import type { Question } from '../../core/plan/schema.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import type { AskedQuestion, FamilyWords, ReportSaid, SaidByTag, UnitWord } from './family-words.ts';
import { TRAINING_CONTROL_WORDS } from './training-control/family-words.ts';
import { UNITS_WORDS } from './units/family-words.ts';

const FAMILIES: readonly FamilyWords[] = [UNITS_WORDS, TRAINING_CONTROL_WORDS];

/** The words of a job's family. Errors: INTERNAL when it has none. */
export function wordsOf({ id, family }: Pick<JobRef, 'id' | 'family'>): FamilyWords {
  const found = FAMILIES.find((words) => words.family === family);
  if (found) return found;
  throw new RecoveryError('INTERNAL', `job ${id} is of the family '${family}', which nobody can present`);
}

/** What a family says of a report of its own: it knows them by their choices and warnings. Errors: none. */
export function sayOfReport(report: RecoveryReport): ReportSaid {
  return FAMILIES.map((words) => words.report?.(report)).find((said) => said !== undefined) ?? {};
}

/** What is told of in tables by tag. */
type Told = 'findings' | 'steps' | 'warnings';

/**
 * The words for a finding, step or warning by its tag: those that all jobs may have, and else those of the family that has
 * the tag. Errors: INTERNAL for a tag that nobody has words for.
 */
export function findWord(told: Told, tag: string, common: SaidByTag): (fact: object, unit: UnitWord) => string {
  const table = [common, ...FAMILIES.map((words) => words[told])].find((words) => Object.hasOwn(words, tag));
  // Each table is complete for its own tags; the compiler cannot pair a union with its own entry.
  if (table) return table[tag] as (fact: object, unit: UnitWord) => string;
  throw new RecoveryError('INTERNAL', `there are no words for '${tag}' among ${told}`);
}

/** A question in words. Errors: INTERNAL for a question its family has no words for. */
export function askInWords(evidence: Evidence, question: Question): AskedQuestion {
  const ask = wordsOf(evidence.job).questions[question.id];
  if (ask) return ask({ evidence, question });
  throw new RecoveryError('INTERNAL', `there are no words for the question '${question.id}'`);
}

/** What a file of a job's records is called. */
export function describeFile(job: Pick<JobRef, 'id' | 'family'>, what: string): string {
  return wordsOf(job).files?.[what] ?? what.replaceAll('_', ' ');
}
