/** What one choice would do, as data: shown, checked and executed from the same value. */

import type { RestoreSource } from '../checkpoint/choose-restore.ts';
import type { ErrorCode } from '../errors.ts';
import type { Evidence, OrphanFacts } from '../evidence/schema.ts';
import type { Choice, ControlChoice } from '../job/schema.ts';

/** A choice that acts. `review` only reads, so it never has a plan. */
export type ActingChoice = Exclude<Choice, 'review'>;
/** Every choice a plan can be of; pause and rollback are for jobs under control alone. */
export type PlanChoice = ActingChoice | ControlChoice;

/**
 * Steps on a training control directory. Training steps are u64 and so decimal text; `lostSteps` is how many more a
 * refused or newer generation had, undefined when none says.
 */
export type ControlStep =
  | {
      readonly action: 'load_checkpoint';
      readonly source: RestoreSource;
      readonly path: string;
      readonly runId: string;
      readonly globalStep: string;
      readonly lostSteps?: string;
    }
  | { readonly action: 'write_report'; readonly path: string }
  | { readonly action: 'set_lifecycle'; readonly from: string; readonly to: string; readonly idempotent: boolean }
  | { readonly action: 'restore_checkpoint'; readonly path: string; readonly globalStep: string }
  | { readonly action: 'repair_audit'; readonly line: number; readonly sizeBytes: number }
  | { readonly action: 'append_audit'; readonly actionKey: string }
  | {
      readonly action: 'start_trainer';
      readonly command: string;
      /** Where it goes on from; without a checkpoint that loads it begins anew. */
      readonly globalStep?: string;
    };

/** One action of a plan, in the order it is taken; the tag says what it does, the fields to what. */
export type PlanStep =
  | { readonly action: 'stop_runner'; readonly pid: number; readonly host: string }
  | { readonly action: 'take_lease'; readonly epoch: number }
  /** `what` says that they are the job's own trainer and no leftovers. */
  | { readonly action: 'end_orphans'; readonly pids: readonly number[]; readonly what?: 'trainer' }
  | { readonly action: 'await_orphans'; readonly pids: readonly number[] }
  | {
      readonly action: 'settle_units';
      readonly byReceipt: number;
      readonly byVerify: number;
      readonly toReview: number;
    }
  /** Units under review that go back in doubt, so that the hook is asked about them; `settle_units` counts them too. */
  | { readonly action: 'ask_again'; readonly count: number }
  | { readonly action: 'retry_failed_units'; readonly count: number }
  | { readonly action: 'reset_units'; readonly count: number }
  /** `unlessDone` is how many units more may run: those the verify hook is asked about, where it says not done. */
  | { readonly action: 'run_units'; readonly count: number; readonly unlessDone?: number }
  | { readonly action: 'mark_cancelled' }
  | ControlStep;
/** The tag of a step. */
export type PlanAction = PlanStep['action'];

/**
 * Warnings of a training control directory: nothing but the recorded status says whether it runs; nothing will be
 * started; the audit log is cut by a bad line (`label`) after `count` rows; no access policy is there (`label` is where it is
 * expected); the checkpoint carries no digest; a trainer lives (`label` are its processes) that a pause does not stop.
 */
export type ControlWarning =
  | 'STATUS_ONLY'
  | 'NOTHING_STARTED'
  | 'AUDIT_SHORT'
  | 'ACCESS_OPEN'
  | 'CHECKPOINT_UNPROVEN'
  | 'TRAINER_GOES_ON';

/** Something to know before agreeing. The words are the presenter's; `count`, `label` (the receipt's) and `unit` fill them. */
export type PlanWarning = {
  readonly code:
    | 'WOULD_REPEAT'
    | 'MAY_REPEAT'
    | 'UNITS_NEED_REVIEW'
    | 'HEARTBEAT_ONLY'
    | 'UNITS_ABANDONED'
    | 'OUTCOMES_UNKNOWN'
    | 'ORPHANS_LEFT'
    | ControlWarning;
  readonly count?: number;
  readonly label?: string;
  readonly unit?: 'row' | 'step';
  /** The count goes down by itself: the job goes on until it is stopped. */
  readonly isAtMost?: boolean;
};

/** A decision only a person can take; a plan with an open one cannot be approved, whatever flags say. */
export type Question = {
  readonly id: 'orphans';
  readonly orphans: readonly OrphanFacts[];
  readonly options: readonly ('end' | 'wait')[];
};

/**
 * What was decided so far: answers by question id, and with `verifyAgain` that the verify hook is asked about units under
 * review as well.
 */
export type Decisions = { readonly orphans?: 'end' | 'wait'; readonly verifyAgain?: true };

/**
 * What a choice would do. Frozen; `digest` covers the choice, the facts it rests on (see `PLAN_BASES`), the decisions
 * and the steps.
 */
export type Plan = {
  readonly choice: PlanChoice;
  readonly jobId: string;
  readonly jobName: string;
  readonly digest: string;
  readonly evidenceDigest: string;
  readonly decisions: Decisions;
  readonly questions: readonly Question[];
  readonly steps: readonly PlanStep[];
  readonly warnings: readonly PlanWarning[];
  /** Units that would be done a second time: done ones, and open ones whose receipt says that they were. */
  readonly wouldRepeat: number;
  /** What consent must look like: a yes, or the job's name typed in full. */
  readonly consentForm: 'confirm' | 'type_name';
};

/** A choice that cannot be taken now, and why. */
export type Refusal = {
  readonly choice: Choice | ControlChoice;
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** The answer for one choice: a plan, or the reason there is none. `review` is `open` with the units it would show. */
export type Proposal =
  | { readonly type: 'plan'; readonly plan: Plan }
  | { readonly type: 'review'; readonly unitCount: number }
  | { readonly type: 'refused'; readonly refusal: Refusal };

/** What every choice would do for one job. */
export type Proposals = Readonly<Record<Choice, Proposal>>;

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
