/**
 * The job store as a port: what one place of jobs can be asked, and what can be changed in it.
 *
 * Every verb is one consistent read or one transaction. A dialect reads facts and writes what it is told; it judges
 * nothing. What may be done is decided by pure functions above the dialects, which are called inside the transaction
 * with the facts as they are there, and throw to refuse. A dialect may call one again when its transaction lost a race
 * and is repeated.
 *
 * Errors of every verb: STATE_UNREADABLE, STATE_CORRUPT and STATE_TOO_NEW of reads; STATE_UNWRITABLE, STATE_FULL and
 * STATE_CORRUPT of changes; STATE_UNREACHABLE where the store is behind a connection that is lost. After a change was
 * rejected with STATE_UNREACHABLE it may stand or not: what is looked at next says.
 * Verbs may be called while others are under way; a dialect puts them in order where it has to.
 * Times are epoch milliseconds. Ids of jobs are unique across hosts. Texts of a store are foreign.
 */
import type {
  AuditFacts,
  LeaseHolder,
  LivenessFacts,
  RegressionFacts,
  UnitFacts,
  UnitsEvidence,
} from '../core/evidence/schema.ts';
import type { JobError, NativeStatus, UnitCounts } from '../core/job/schema.ts';
import type { AuditEntry, UnitNames, UnitPage, UnitQuery, UnitRecord, UnitRecordQuery } from '../core/ports.ts';
import type { RecoveryReport } from '../core/report/schema.ts';
import type { ProcessIdentity } from '../platform/process-probe.ts';
import type { ListReader } from './list-contract.ts';
import type {
  After,
  DoubtfulUnit,
  FileMark,
  JobRecord,
  JudgeSameRows,
  NewJob,
  PendingUnit,
  RowsChange,
  RowsFile,
  SameRowsJob,
  UnitsInput,
} from './records.ts';
import type { Regressions } from './regressions.ts';
import type { UnitEvent } from './unit-events.ts';

/** What an entry of an audit chain says; its sequence and hash are the chain's. */
export type AuditWord = Omit<AuditEntry, 'sequence' | 'hash'>;

/** What the units of a job say, as far as it is recorded. */
export type RecordedUnits = Omit<UnitsEvidence, 'unit' | 'canVerify' | 'receiptLabel'>;

/**
 * Everything recorded about a job that evidence needs, in one snapshot. `runner` is the last holder that ran units, and
 * `liveness` what the proof of life and its process say of it. `epoch` is the highest of any holder, 0 when there was
 * none; `runTokens` those of every holder that ran units, in the order of their epochs.
 */
export type JobLook = {
  readonly job: JobRecord;
  /** Every content that its rows file, or that of a job of the same rows, had or was about to get. Source: decisions/0026. */
  readonly rowsFiles: readonly FileMark[];
  readonly epoch: number;
  readonly runner?: LeaseHolder;
  readonly liveness?: LivenessFacts;
  readonly runTokens: readonly string[];
  readonly units: RecordedUnits;
  readonly audit: AuditFacts;
  /** What the store has less of than is known beside it; never of a store that nobody can put an old copy of in place. */
  readonly regression?: RegressionFacts;
  /** When it was looked at. */
  readonly seenAtMs: number;
};

/** What a change asks to know besides what every change is told. */
export type ChangeQuestion = {
  /** Numbers of the units it is about. */
  readonly units?: readonly number[];
  /** Whether to count the units: that reads an index of all of them. */
  readonly withCounts?: true;
};

/**
 * What a change is judged by, as it is inside its transaction: nobody changes the job between this and the commit.
 * `liveness` is absent when nobody ran it or the last runner let go. `units` are those asked for that there are, by
 * number.
 */
export type JobState = Omit<JobLook, 'units' | 'regression' | 'seenAtMs'> & {
  readonly journalSequence: number;
  readonly units: readonly UnitFacts[];
  /** Present when it was asked for. */
  readonly counts?: UnitCounts;
};

/** What taking a job is judged by: whether anybody lives who holds it is not asked, since the proof of life decides. */
export type TakenState = Omit<JobState, 'units' | 'counts' | 'liveness'>;

/**
 * What a change writes, all of it or nothing, in the order given here.
 *
 * Audit entries need a chain that is whole: one that lost its end would look whole again (AUDIT_BROKEN).
 */
export type JobChange = {
  readonly atMs: number;
  /**
   * Takes the next epoch in the name of this process and lets it go at once: whoever held the job before writes nothing
   * more. What is written with it has that epoch; without it, events of units have the highest one there is.
   */
  readonly fence?: { readonly purpose: 'cancel' | 'settle'; readonly principal: string };
  readonly events?: readonly UnitEvent[];
  /** The rows file as it was found or written; `next` is what it is about to become. Both are kept among its contents. */
  readonly rows?: RowsChange;
  /** A status that is neither the begin nor the end of a run. */
  readonly status?: NativeStatus;
  /** The end of a run, or of the job; without an error there is none any more. */
  readonly end?: { readonly status: NativeStatus; readonly error?: JobError };
  readonly audit?: readonly AuditWord[];
  /**
   * Called when everything else is written, right before the commit: the last thing that can fail, and what it throws
   * rolls everything back. Never called twice for one change that commits.
   */
  readonly lastly?: () => void;
};

/** What a judgement comes to: what to write, if anything, and what to answer. */
export type Decision<T> = { readonly change?: JobChange; readonly answer: T };

/** Judges a change by the facts; throws to refuse. It changes nothing: it may be called again, with newer facts. */
export type Decide<T> = (state: JobState) => Decision<T>;

/** Who takes a job, and what the audit chain says of it; the epoch is added to the details. */
export type Claim = {
  readonly runToken: string;
  readonly principal: string;
  readonly atMs: number;
  readonly audit: AuditWord;
};

/**
 * A change of many units at once: failed ones are tried again; all go back to the start, in a new generation; or those
 * under review without a receipt are in doubt again, so that the verify hook is asked. Source: decisions/0024.
 */
export type UnitsChange = 'retry_failed' | 'reset' | 'ask_again';

/** Where lines of a job's commands go. What cannot be written is dropped: a log never stops a job. */
export type RunLog = { readonly write: (line: string) => void };

/**
 * A job that this process holds. Every write first checks, in its transaction, that the epoch is still the highest, so
 * that a runner that was taken over writes nothing (LEASE_FENCED). Source: design, rule 7.
 */
export type HeldJob = {
  readonly jobId: string;
  readonly epoch: number;
  readonly runToken: string;
  /** Run tokens of the holders before: what their orphans carry. */
  readonly earlierTokens: readonly string[];
  readonly log: RunLog;
  /**
   * Writes news of units, and that the heart beats when `beatAtMs` is given; a dialect with a clock of its own may record
   * its time instead, if it measures ages by the same. Resolves once it is on disk.
   *
   * Errors: LEASE_FENCED; UNIT_CHANGED when a unit is not in a state for its event, and nothing is written then. Of
   *         `taken_back` that is no error: that event alone is left out.
   */
  readonly commit: (batch: { readonly events: readonly UnitEvent[]; readonly beatAtMs?: number }) => Promise<void>;
  /** Checks that the job is still held; call it right before an effect. Errors: LEASE_FENCED. */
  readonly checkHeld: () => Promise<void>;
  /** Changes many units; answers how many there were. Errors: LEASE_FENCED. */
  readonly changeUnits: (how: UnitsChange, atMs: number) => Promise<number>;
  /** The same as the store's; `decide` is called when the job is still held. Errors: LEASE_FENCED, and as the store's. */
  readonly change: <T>(question: ChangeQuestion, decide: Decide<T>) => Promise<T>;
  /**
   * Says the last word on the run and lets the lease go, in one transaction. Answers false, with nothing said, when the
   * journal is not at `journalSequence` any more. Errors: LEASE_FENCED, STORE_REGRESSED.
   */
  readonly finish: (end: {
    readonly status: NativeStatus;
    readonly error?: JobError;
    readonly atMs: number;
    readonly journalSequence?: number;
  }) => Promise<boolean>;
  readonly counts: () => Promise<UnitCounts>;
  /** Units to run. Errors: STATE_CORRUPT naming a unit whose input is gone. */
  readonly pending: (after: After) => Promise<readonly PendingUnit[]>;
  /** Units in doubt. */
  readonly inDoubt: (after: After) => Promise<readonly DoubtfulUnit[]>;
  /** The input of a unit, as JSON text. Errors: STATE_CORRUPT when it is gone. */
  readonly unitData: (number: number) => Promise<string>;
  /**
   * Drops the proof of life, whatever was recorded: call it last. Lines of the log are written before.
   *
   * Errors: none.
   */
  readonly release: () => Promise<void>;
};

/**
 * What is wrong with a store, in one sentence; `jobId` when it is about one job. `damaged`: it breaks its own promises;
 * `regressed`: it is older than what is beside it; `lock`: what stands in the place of a proof of life is none.
 */
export type StoreProblem = {
  readonly type: 'damaged' | 'regressed' | 'lock';
  readonly jobId?: string;
  readonly problem: string;
};

/** How a store is. */
export type StoreHealth = { readonly jobCount: number; readonly problems: readonly StoreProblem[] };

/**
 * The jobs of one place. Opening is lazy: nothing is opened, made or connected to before the first verb, and reads
 * change nothing at all, and leave nothing behind that keeps a process alive. A place without a store has no jobs.
 */
export type JobStore = {
  /** The place, as operators are told; never with a password. */
  readonly place: string;
  /** A job's own directory on this host, where there is one: its log and reports, and marks of its processes. */
  readonly directoryOf: (jobId: string) => string | undefined;
  /** Which engine keeps it, with its version: `SQLite 3.50.4`. */
  readonly engine: () => Promise<string>;
  /** Everything about one job, or undefined when there is none of this id. */
  readonly look: (jobId: string) => Promise<JobLook | undefined>;
  /**
   * The jobs a reference may mean: the exact id, else those of that name, else those whose id begins so; at most `limit`,
   * in the order they were recorded.
   *
   * Errors: STORE_REGRESSED for a job that the store does not know and that was once acted on.
   */
  readonly find: (reference: string, limit: number) => Promise<readonly JobRecord[]>;
  /** Reads for one list; undefined when there is no store. `read` may be called again. */
  readonly list: <T>(read: (reader: ListReader) => Promise<T>) => Promise<T | undefined>;
  /** One page of units by number. Errors, as of all verbs that name a job: JOB_UNKNOWN. */
  readonly units: (jobId: string, query: UnitQuery) => Promise<UnitPage>;
  /** Units by key or number, each once, by number. A key and a number are never taken for each other. */
  readonly namedUnits: (jobId: string, names: UnitNames) => Promise<readonly UnitFacts[]>;
  /** Units with their inputs and results, by number. The last page costs what the first does. */
  readonly unitRecords: (jobId: string, query: UnitRecordQuery) => Promise<readonly UnitRecord[]>;
  /** The audit chain, oldest first. Details that no longer parse are shown as text. */
  readonly audit: (jobId: string) => Promise<readonly AuditEntry[]>;
  /** The last recovery report that was the last word; one that is not a report is undefined. */
  readonly report: (jobId: string) => Promise<RecoveryReport | undefined>;
  /** The last lines of the job's log, oldest first; at least the last 64 KiB are kept. Errors: none. */
  readonly logTail: (jobId: string, lineCount: number) => Promise<readonly string[]>;
  /** Calls back after jobs may have changed; returns how to stop. */
  readonly watch: (onChange: () => void) => () => void;
  /** Whether a job has this name. */
  readonly hasName: (name: string) => Promise<boolean>;
  /** Jobs of a name whose own file had this content, and unfinished ones made of this very file; last recorded first. */
  readonly sameRows: (name: string, file: RowsFile) => Promise<readonly SameRowsJob[]>;
  /** Other unfinished jobs that have the rows of this one; the one recorded last comes first. */
  readonly sharedRows: (jobId: string, limit: number) => Promise<readonly JobRecord[]>;
  /** Reads every row; undefined when there is no store. An empty list is a whole store. */
  readonly verify: () => Promise<StoreHealth | undefined>;
  /**
   * Makes sure that jobs can be recorded, before anything is read for one, and makes the store when there is none.
   *
   * Errors: STORE_REGRESSED for any job of the store: rows that it does not know of may be done.
   */
  readonly prepare: () => Promise<void>;
  /**
   * Records a job with all its rows; prepares the store when that was not done. Rows come in chunks of their own
   * transactions, so that other jobs go on meanwhile; until the last is in, nobody sees the job. What a process leaves
   * that dies is removed by the next one. `judge` is called in the transaction that makes the job visible, with what
   * `sameRows` would answer then, when the job has a rows file; what it throws leaves no job. Source: decisions/0004.
   *
   * Errors: ROWS_INVALID naming a key that stands twice and both rows; those of `prepare`; what `units` and `judge` throw; nothing stays.
   */
  readonly create: (job: NewJob, units: UnitsInput, judge?: JudgeSameRows) => Promise<JobRecord>;
  /** Removes a job that nobody ever held; any other stays. */
  readonly takeBack: (jobId: string) => Promise<void>;
  /**
   * Takes a job to run it, in one transaction: judges, takes the proof of life, and records the next epoch with this
   * process as its holder, the audit entry, and the begin of a run. Whoever loses finds the winner recorded. Cancelling
   * it, settling its units or running it elsewhere takes a higher epoch.
   *
   * Errors: what `judge` throws; LEASE_HELD naming the holder when the proof of life is taken; AUDIT_BROKEN;
   *         STORE_REGRESSED; LOCK_DAMAGED; JOB_UNKNOWN. Nothing is changed then.
   * Source: design, rules 7, 8 and 9.
   */
  readonly take: (jobId: string, claim: Claim, judge: (state: TakenState) => void) => Promise<HeldJob>;
  /**
   * Changes a job in one transaction, as `decide` decides by what is true in it.
   *
   * Errors: what `decide` throws; AUDIT_BROKEN; UNIT_CHANGED; STORE_REGRESSED; JOB_UNKNOWN. Nothing is changed then.
   */
  readonly change: <T>(jobId: string, question: ChangeQuestion, decide: Decide<T>) => Promise<T>;
  /**
   * Keeps a report. What a runner says after somebody took its job over is kept, but is not the last word.
   *
   * Answers where it is, as operators are told.
   */
  readonly saveReport: (report: RecoveryReport, options: { readonly isLastWord: boolean }) => Promise<string>;
  /** Absent where nobody can put an old copy in the store's place. */
  readonly regressions?: Regressions<JobState>;
  /** Lets go of what was opened. Held jobs are released first. Errors: none. */
  readonly close: () => Promise<void>;
};

/**
 * How the store of a place is opened. `nowMs` measures how old heartbeats are; `identity` is who acts, this process when
 * nothing else is said.
 */
export type StoreOptions = { readonly nowMs: () => number; readonly identity?: ProcessIdentity };
