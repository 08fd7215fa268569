/** What the core asks of the world. Reading and acting are different ports, so inspection cannot write by type. */
import type { LivenessJudgement } from './diagnosis/judge-liveness.ts';
import type { RecoveryError } from './errors.ts';
import type { Evidence, UnitFacts } from './evidence/schema.ts';
import type { ExecutionEvent, StepResult } from './execution/schema.ts';
import type { StopSignal } from './execution/stop-signals.ts';
import type { Attention, JobError, JobRef, JobSummary, UnitStatus, Verdict } from './job/schema.ts';
import type { Answers, ApprovedPlan } from './plan/schema.ts';
import type { RecoveryReport } from './report/schema.ts';

/** Wall clock, epoch milliseconds UTC. */
export type Clock = { readonly nowMs: () => number };

/** A place whose jobs are not on a page, and why. */
export type UnreadPlace = { readonly path: string; readonly error: RecoveryError };

/** Where a job stood in the order of its place when it was read; `tie` is the place's own. */
export type JobKey = Pick<JobSummary, 'attention' | 'sinceMs' | 'objectives'> & { readonly tie: string | number };

/** How far a list was read: the last job of each place, by its path. */
export type ListCursor = ReadonlyMap<string, JobKey>;

/**
 * Which jobs to list. `offset` and `limit` count jobs of the urgency order, from the beginning or behind `after`: of those
 * that stay as they are none is lost or repeated then, whatever becomes of the others. `text` filters by name or id. Receipts are
 * counted for whoever shows them, whatever the size of the page: it costs a read for each job.
 */
export type JobQuery = {
  readonly scope: 'attention' | 'all';
  readonly verdict?: Verdict;
  /** Only jobs that a list has this word for. */
  readonly attention?: Attention;
  readonly kind?: string;
  readonly text?: string;
  readonly withReceipts?: boolean;
  /** A place is given its own key alone. */
  readonly after?: ListCursor;
  readonly offset: number;
  readonly limit: number;
};

/**
 * A page of jobs, most urgent first. `total` counts all that match; `goingOn` those of them that run or are being
 * recovered, and so wait for nobody (0 when absent). `unread` are places that could not be read: their jobs are missing
 * on the page and in the counts. `keys` are where the jobs stand, one each, of the page of a place; `next` is how far a
 * list was read.
 */
export type JobPage = {
  readonly jobs: readonly JobSummary[];
  readonly total: number;
  readonly goingOn?: number;
  readonly keys?: readonly JobKey[];
  readonly next?: ListCursor;
  readonly unread?: readonly UnreadPlace[];
};

/** A report that another program wrote, with every number as it stands. `atMs` is when it recovered. */
export type ForeignReport = {
  readonly path: string;
  readonly atMs: number;
  readonly value: Readonly<Record<string, unknown>>;
};

/** Reads jobs of one place and knows them by what a person calls them. */
export type JobPlace = JobReader & {
  /** The jobs a reference may mean: the exact id, else the name, else an id prefix; at most `limit`. */
  readonly find: (reference: string, limit: number) => Promise<readonly JobRef[]>;
  /** The job of a place that holds exactly one: whoever names the place names the job. */
  readonly sole?: () => Promise<JobRef>;
  /** The newest report when another program wrote it. */
  readonly foreignReport?: (jobId: string) => Promise<ForeignReport | undefined>;
};

/** Which units to page through; `statuses` empty means all. Order is by number. */
export type UnitQuery = {
  readonly statuses: readonly UnitStatus[];
  readonly offset: number;
  readonly limit: number;
};
/** Units by what names them; a name that no unit has finds nothing. */
export type UnitNames = { readonly keys: readonly string[]; readonly numbers: readonly number[] };
/** A page of units. `total` counts all that match. */
export type UnitPage = { readonly units: readonly UnitFacts[]; readonly total: number };

/** Which units to read with their data: those after a number, in order of number; `statuses` empty means all. */
export type UnitRecordQuery = {
  readonly statuses: readonly UnitStatus[];
  readonly afterNumber: number;
  readonly limit: number;
};

/** A unit with what it was given and what it answered, each as JSON text; absent when there is none. */
export type UnitRecord = UnitFacts & { readonly dataJson?: string; readonly resultJson?: string };

/** One row of an audit chain. */
export type AuditEntry = {
  readonly sequence: number;
  readonly atMs: number;
  readonly principal: string;
  readonly action: string;
  /** `done` or `refused`; kept as found, so that a damaged one breaks the chain. */
  readonly outcome: string;
  readonly code?: string;
  readonly planDigest?: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hash: string;
};

/** Reads jobs of one place. Nothing here changes anything, not even a directory's existence. */
export type JobReader = {
  readonly list: (query: JobQuery) => Promise<JobPage>;
  /** Everything about one job; `answers` may name what is to be read as well. Errors: JOB_UNKNOWN, STATE_UNREADABLE. */
  readonly collect: (jobId: string, answers?: Answers) => Promise<Evidence>;
  readonly units: (jobId: string, query: UnitQuery) => Promise<UnitPage>;
  /** The units with one of these keys or numbers, each once, by number. */
  readonly namedUnits: (jobId: string, names: UnitNames) => Promise<readonly UnitFacts[]>;
  /** Units with their data; absent where jobs have none. Errors: JOB_UNKNOWN, STATE_UNREADABLE. */
  readonly unitRecords?: (jobId: string, query: UnitRecordQuery) => Promise<readonly UnitRecord[]>;
  readonly audit: (jobId: string) => Promise<readonly AuditEntry[]>;
  /** The last lines of the job's log, oldest first, raw (hostile) text. */
  readonly logTail: (jobId: string, lineCount: number) => Promise<readonly string[]>;
  readonly report: (jobId: string) => Promise<RecoveryReport | undefined>;
  /** Calls back after the state may have changed; returns how to stop. */
  readonly watch: (onChange: () => void) => () => void;
};

/** What an action prints in the shape of its source's own format. `isRecovery`: a report says more of it. */
export type ForeignAnswer = { readonly value: Readonly<Record<string, unknown>>; readonly isRecovery: boolean };

/** A plan under way. */
export type Execution = {
  readonly done: Promise<{
    readonly steps: readonly StepResult[];
    readonly report: RecoveryReport;
    readonly reportPath: string | undefined;
    /** Why it ended short, when it did. */
    readonly error?: JobError;
    readonly foreign?: ForeignAnswer;
  }>;
  /** Asks for a stop after the unit in hand; a second time ends it at once. `signal` is why, when it was one. */
  readonly stop: (signal?: StopSignal) => void;
  /** Leaves it to itself. */
  readonly detach: () => void;
};

/** Carries out approved plans; absent for sources that can only be read. */
export type Actuator = {
  /** Errors (rejected `done`): EVIDENCE_STALE, LEASE_HELD and every guardrail, with nothing changed. */
  readonly start: (approved: ApprovedPlan, onEvent: (event: ExecutionEvent) => void) => Execution;
  /**
   * Settles units by hand, all of them or none. Errors: UNIT_UNKNOWN, UNIT_NOT_OPEN, EVIDENCE_STALE, RUNNER_ALIVE,
   * LIVENESS_UNKNOWN, ORPHAN_RUNNING, AUDIT_BROKEN, JOB_CANCELLED.
   */
  readonly settle: (request: SettleRequest) => Promise<readonly SettledUnit[]>;
  /**
   * Writes what is true now into the job's rows file; absent where jobs have none. Errors: WRITE_BACK_EMPTY,
   * RUNNER_ALIVE, LIVENESS_UNKNOWN, EVIDENCE_STALE, ROWS_FILE_CHANGED, ROWS_FILE_MISSING, WRITE_BACK_FAILED.
   */
  readonly writeBack?: (jobId: string) => Promise<WrittenRows>;
  /** Records a refused action in the audit chain, when the state is Salvor's own. */
  readonly recordRefusal: (refusal: {
    readonly jobId: string;
    readonly action: string;
    readonly code: string;
    readonly message: string;
    readonly planDigest?: string;
  }) => Promise<void>;
};

/** A job's rows file after a write-back. `changed` is false when it said it all already. */
export type WrittenRows = { readonly path: string; readonly sha256: string; readonly changed: boolean };

/** What a unit can be settled as. */
export type SettledAs = 'done' | 'pending' | 'skipped';

/** One unit as a person saw it: its number, which alone names it, and its place in the journal then. */
export type SeenUnit = Pick<UnitFacts, 'number' | 'eventSequence'>;

/**
 * A person's word about units. `epoch` is the highest one that was seen of the job, `runnerSeen` what was known of its
 * runner then and `heartbeatSeenMs` (epoch milliseconds) its last sign of life, absent when none held it.
 */
export type SettleRequest = {
  readonly jobId: string;
  readonly units: readonly SeenUnit[];
  readonly epoch: number;
  readonly runnerSeen?: LivenessJudgement['type'];
  readonly heartbeatSeenMs?: number;
  readonly as: SettledAs;
  readonly receipt?: string;
  readonly reason: string;
};

/** A unit that was settled: what it was, and what it is now. */
export type SettledUnit = {
  readonly number: number;
  readonly key: string;
  readonly was: UnitStatus;
  readonly now: SettledAs;
};

/** Named crash points; a no-op outside tests. Source: style 2.17. */
export type Faults = { readonly reach: (point: string) => void };
