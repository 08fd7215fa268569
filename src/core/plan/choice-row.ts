/** What a family says of each of its choices: the shape of a row. */
import type { Diagnosis } from '../diagnosis/schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import type { ActingChoice, Choice } from '../job/schema.ts';
import type { AccessPolicy } from './access.ts';
import type { Answers, PlanBasis, PlanStep, PlanWarning, Question, Reason } from './schema.ts';

/** On whose behalf and within what limits a choice is considered. */
export type Authority = {
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly readOnly: boolean;
  /** Whether the source can act at all. */
  readonly canAct: boolean;
};

/** What was seen and on whose behalf. */
export type PlanInput = { readonly evidence: Evidence; readonly diagnosis: Diagnosis; readonly authority: Authority };

/** What the parts of a row look at. `answers` are those to questions that this choice asks of this job. */
export type ChoiceContext = PlanInput & { readonly choice: Choice; readonly answers: Answers };

/** A guardrail: why it refuses, or undefined. */
export type Rule = (context: ChoiceContext) => Reason | undefined;

type Row = {
  /** What it means, in the words of the recovery prompt. */
  readonly label: string;
  /** In the order they are tried; the first that refuses is the one that is told. */
  readonly rules: readonly Rule[];
  /** It is for a job that runs: of one that cannot, a text of what can be done has no word for it. */
  readonly isForRunning?: true;
};

/** A choice that acts. */
export type ActingRow = Row & {
  readonly choice: ActingChoice;
  /** What consent must look like. */
  readonly consent: 'confirm' | 'type_name';
  /** What makes its plan stale. */
  readonly basis: PlanBasis;
  /** Answers with which the job has to be looked at again, since they name something that was not read yet. */
  readonly looksFor?: readonly string[];
  readonly questions: (context: PlanInput) => readonly Question[];
  readonly steps: (context: ChoiceContext) => readonly PlanStep[];
  readonly warnings: (context: ChoiceContext) => readonly PlanWarning[];
  /** How many units would be done a second time; none when absent. */
  readonly countRepeats?: (evidence: Evidence) => number;
};

/** A choice that only looks: how many units there are to look at. */
export type LookingRow = Row & { readonly choice: 'review'; readonly countUnits: (context: PlanInput) => number };

/** One choice of a family. */
export type ChoiceRow = ActingRow | LookingRow;
