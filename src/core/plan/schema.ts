/** What one choice would do, as data: shown, checked and executed from the same value. */

import type { Reach } from '../diagnosis/judge-reach.ts';
import type { ErrorCode } from '../errors.ts';
import type { Evidence } from '../evidence/schema.ts';
import type { FamilyVocabulary } from '../families/vocabulary.ts';
import type { ActingChoice, Choice } from '../job/schema.ts';

/**
 * One action of a plan, in the order it is taken: `action` says what it does, the fields to what, `by` who carries it out:
 * the runner that holds the job, the actuator of its place, or the source it belongs to.
 */
export type PlanStep =
  | ({ readonly by: 'actuator' } & (
      | { readonly action: 'stop_runner'; readonly pid: number; readonly host: string }
      | { readonly action: 'take_lease'; readonly epoch: number }
      | { readonly action: 'mark_cancelled' }
    ))
  | ({ readonly by: 'runner' } & (
      | { readonly action: 'end_orphans'; readonly pids: readonly number[] }
      | { readonly action: 'await_orphans'; readonly pids: readonly number[] }
    ))
  | FamilyVocabulary['step'];

/** A step that a runner carries out while it holds the job. */
export type RunnerStep = Extract<PlanStep, { by: 'runner' }>;
/** The tag of a step. */
export type PlanAction = PlanStep['action'];

/** Something to know before agreeing. The words are the presenter's; `count`, `label` (the receipt's) and `unit` fill them. */
export type PlanWarning = {
  readonly code: 'HEARTBEAT_ONLY' | 'ORPHANS_LEFT' | FamilyVocabulary['warning'];
  readonly count?: number;
  readonly label?: string;
  readonly unit?: 'row' | 'step';
  /** The count goes down by itself: the job goes on until it is stopped. */
  readonly isAtMost?: boolean;
  /** The process that the warning is about, and where it is to be asked. `uid` is the user id that it runs as. */
  readonly runner?: { readonly pid: number; readonly host: string; readonly reach: Reach; readonly uid?: number };
};

/** One of the answers a question offers; `key` takes it in the console. */
export type QuestionOption = { readonly value: string; readonly key: string };

/**
 * Something only a person can decide. The words are the presenter's, by `id`. A plan with an open one that is not optional
 * cannot be approved, whatever flags say; `unanswered` is what is said then. With `textKey` any text is an answer, and that
 * key takes it in the console.
 */
export type Question = {
  readonly id: string;
  readonly options: readonly QuestionOption[];
  readonly textKey?: string;
  readonly isOptional: boolean;
  readonly unanswered: Reason;
};

/** What was answered, by question id. */
export type Answers = Readonly<Record<string, string>>;

/** Why something is refused: a stable code, one sentence, and the same as data. */
export type Reason = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** `everything`: any fact that was seen. `holder`: who holds the job and its recorded status, however far it gets. */
export type PlanBasis = 'everything' | 'holder';

/**
 * What a choice would do. Frozen; `digest` covers the choice, the facts it rests on (`basis`), the answers
 * and the steps. `questions` are those that nobody has answered.
 */
export type Plan = {
  readonly choice: ActingChoice;
  readonly jobId: string;
  readonly jobName: string;
  readonly digest: string;
  readonly basis: PlanBasis;
  readonly evidenceDigest: string;
  readonly answers: Answers;
  /** Those of them that hold for the next plan too, when this one goes stale: what had to be decided is asked again. */
  readonly lasting: Answers;
  readonly questions: readonly Question[];
  readonly steps: readonly PlanStep[];
  readonly warnings: readonly PlanWarning[];
  /** Units that would be done a second time: done ones, and open ones whose receipt says that they were. */
  readonly wouldRepeat: number;
  /** What consent must look like: a yes, or the job's name typed in full. */
  readonly consentForm: 'confirm' | 'type_name';
};

/** A choice that cannot be taken now, and why. */
export type Refusal = Reason & { readonly choice: Choice };

/** The answer for one choice: a plan, or the reason there is none. `review` is `open` with the units it would show. */
export type Proposal =
  | { readonly type: 'plan'; readonly plan: Plan }
  | { readonly type: 'review'; readonly unitCount: number }
  | { readonly type: 'refused'; readonly refusal: Refusal };

/** What every choice of a job would do, in the order its family offers them. */
export type Proposals = Readonly<Partial<Record<Choice, Proposal>>>;

/** Who agreed to which plan. Source: design, rule 8. */
export type Consent = {
  readonly planDigest: string;
  readonly principal: string;
  readonly atMs: number;
  /** `flag`: said with --yes or by the choice itself; `key`: confirmed in the console; `typed`: the job's name typed. */
  readonly form: 'flag' | 'key' | 'typed';
  readonly typedName?: string;
  readonly reason?: string;
};

declare const approved: unique symbol;
/** A plan with a consent that names it. Only `approvePlan` makes one. */
export type ApprovedPlan = {
  readonly plan: Plan;
  readonly consent: Consent;
  readonly evidence: Evidence;
  readonly [approved]: true;
};
