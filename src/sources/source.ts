/** What one source of jobs is: its row in the registry. Reading and acting are apart; one that cannot act is only read. */
import type { RecoveryError } from '../core/errors.ts';
import type { ReportWords } from '../core/families/build-report.ts';
import type { JobError, JobRef } from '../core/job/schema.ts';
import type { AccessPolicy } from '../core/plan/access.ts';
import type { Actuator, Clock, JobPlace } from '../core/ports.ts';
import type { RecoveryReport } from '../core/report/schema.ts';
import type { RunPlan } from '../runner/run-plan.ts';
import type { WriteRows } from '../runner/write-rows.ts';

/** What is asked of a place besides looking: that it is made when it is not there, by a source that makes places. */
export type PlaceRequest = { readonly create?: true };

/** What a source acts with: on whose behalf, and what the program has for it. `makeId` makes ids of actions and reports. */
export type Acting = {
  readonly clock: Clock;
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly words: ReportWords;
  readonly makeId: () => string;
  /** How long what is running has to stop when its job is cancelled. */
  readonly stopGraceMs: number;
  readonly request: PlaceRequest;
  /** Runs units and writes rows files. */
  readonly runner: { readonly runPlan: RunPlan; readonly writeRows: WriteRows };
  /** The program that starts Salvor, when nobody waits: what goes on then needs a process of its own. */
  readonly programPath?: string;
  /** Told of a recovery that has begun, before its end is known. */
  readonly onStarted?: (report: RecoveryReport, reportPath: string) => void;
  /** Told what went wrong beside an action and undoes nothing of it. */
  readonly onWarning?: (warning: JobError) => void;
};

/** A damage that stops every choice, and the way out of it. Texts are raw. */
export type Repair = {
  /** What is wrong, each with the file it is in when it is in one; `what` is a fact of the evidence's files. */
  readonly problems: readonly { readonly message: string; readonly file?: { what: string; path: string } }[];
  /** What would come of it, as a clause, and what somebody types the job's name for. */
  readonly consequence: string;
  readonly deed: string;
  /** Errors: ACCESS_DENIED of a directory that is not to be written, EVIDENCE_STALE, LEASE_HELD, STATE_*. */
  readonly carryOut: (agreed: {
    readonly principal: string;
    readonly reason: string;
    readonly atMs: number;
    readonly actionId: string;
  }) => Promise<Repaired>;
};

/** What was repaired: fields of the JSON answer, and lines that say the same. */
export type Repaired = { readonly answer: Readonly<Record<string, unknown>>; readonly lines: readonly string[] };

/** One kind of place jobs come from. What is optional is a thing that not every source has. */
export type Source = {
  readonly name: string;
  /** What is looked for, for people. */
  readonly lookedFor: string;
  /** Whether a path is a place of this source, by its content. Errors: the system's, for what may not be looked at. */
  readonly detect: (path: string) => boolean;
  /** Each of its places is one job. */
  readonly isSole?: true;
  readonly open: (path: string, clock: Clock, request: PlaceRequest) => JobPlace;
  /** Carries plans out. Without it nothing of a place is ever changed. */
  readonly act?: (path: string, acting: Acting) => Actuator;
  /** A recovery runs in a process of its own when nobody waits for it, or when the console started it. */
  readonly actsApart?: true;
  /** Jobs that a place should know and does not, each as the error of whoever names it. */
  readonly findLost?: (path: string, clock: Clock) => Promise<readonly RecoveryError[]>;
  /** Where a place may keep access policies of its own; each that is there has to allow. */
  readonly policyPaths?: (path: string, workingDirectory: string) => readonly string[];
  /** Errors: NOTHING_TO_RECOVER when nothing of the job is damaged. */
  readonly repair?: (job: JobRef, path: string, clock: Clock) => Promise<Repair>;
  /** How a place stands in the form of its own format. Errors: CONTROL_FILE_INVALID. */
  readonly status?: (path: string, principal: string) => Promise<Readonly<Record<string, unknown>>>;
  /** A command that only Salvor starts, as a process that stays beside what a source started. Answers the exit code. */
  readonly helper?: { readonly word: `__${string}`; readonly run: (nowMs: () => number) => Promise<number> };
};
