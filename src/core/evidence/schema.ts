/** Everything read about a job, with nothing changed. Facts only: what they mean is diagnosed. */
import type { JobError, JobRef, UnitCounts, UnitStatus } from '../job/schema.ts';
import type { CheckpointEvidence } from './checkpoint-schema.ts';

/**
 * Who was recorded as running the job. Identity is host + boot id + pid + pid start time + run token, since a
 * pid alone is reused. Times are epoch milliseconds; `pidStartTicks` are kernel clock ticks since boot.
 * Source: design, rules of recovery 2 and 7.
 */
export type LeaseHolder = {
  readonly epoch: number;
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  readonly pidStartTicks: number;
  readonly runToken: string;
  readonly principal: string;
  readonly acquiredAtMs: number;
  readonly heartbeatAtMs: number;
  readonly releasedAtMs?: number;
  /** A later holder took the job over: this one's writes are refused. */
  readonly fenced: boolean;
};

/** What was seen of the holder's process and lock. `other` is a pid now owned by another process. */
export type LivenessFacts = {
  readonly host: 'same' | 'other';
  readonly boot: 'same' | 'other' | 'unknown';
  readonly lock: 'held' | 'free' | 'missing' | 'unreadable';
  readonly process: 'same' | 'other' | 'gone' | 'unknown';
  /** Kernel state letter of the process (`T` is stopped), when it is the same process. */
  readonly processState?: string;
  /** Whether whoever looks may signal the process, when it is the same one; it may be another user's. */
  readonly canSignal?: boolean;
  /** The user id that the process runs as, when it may not be signalled. */
  readonly uid?: number;
  /** Wall clock age of the last heartbeat; may be negative when a clock was set back. */
  readonly heartbeatAgeMs?: number;
};

/** A process that carries the run token of a dead runner. */
export type OrphanFacts = {
  readonly pid: number;
  readonly pidStartTicks: number;
  readonly command: string;
  readonly unitNumber?: number;
};

/**
 * One unit that needs a decision or explains where the job stopped. `eventSequence` is the number of the journal entry
 * that made it what it is, 0 while there is none: it changes whenever the unit does.
 */
export type UnitFacts = {
  readonly number: number;
  readonly key: string;
  readonly status: UnitStatus;
  readonly eventSequence: number;
  readonly idempotencyKey: string;
  readonly receipt?: string;
  readonly attempts: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly error?: JobError;
};

/** What the units of a job say. `attention` holds units in doubt or under review, at most `ATTENTION_LIMIT`. */
export type UnitsEvidence = {
  readonly unit: 'row' | 'step';
  readonly counts: UnitCounts;
  readonly lastDone?: UnitFacts;
  /** The unit with the newest error among those not done: what resume retries. */
  readonly lastFailing?: UnitFacts;
  readonly attention: readonly UnitFacts[];
  /** How many units in doubt already have a receipt, and so are proven done. */
  readonly inDoubtWithReceipt: number;
  readonly doneWithReceipt: number;
  readonly inReviewWithReceipt: number;
  /** Number of the newest journal event; it changes whenever any unit does. */
  readonly journalSequence: number;
  readonly receiptLabel?: string;
  readonly canVerify: boolean;
};

/** How many attention units evidence carries; the counts are always complete. */
export const ATTENTION_LIMIT = 1000;

/**
 * A file (or command) the job cannot go on without, compared with what was recorded of it. Of a command `path` is its
 * first word, and `found` says what is wrong with it; one that is there is not listed.
 */
export type PrerequisiteFacts = {
  readonly what: 'rows_file' | 'job_directory' | 'command';
  readonly path: string;
  readonly state: 'unchanged' | 'changed' | 'missing' | 'unreadable';
  readonly expected?: string;
  readonly found?: string;
};

/** A file of a job's records. `missing` is no fault by itself. */
export type FileFacts = {
  readonly what: string;
  readonly path: string;
  readonly state: 'valid' | 'missing' | 'invalid' | 'unreadable';
  readonly problem?: {
    readonly message: string;
    readonly offset?: number;
    readonly field?: string;
    readonly expected?: string;
    readonly found?: string;
  };
};

/**
 * What the audit trail says. `actions` is in its order. A `log` has lines and no hashes; a chain is the default.
 * `stopAsked` is the newest request to stop, and the epoch of the holder that it was for.
 */
export type AuditFacts = {
  readonly form?: 'log';
  readonly entryCount: number;
  readonly actions: readonly string[];
  readonly broken?: { readonly sequence: number; readonly expected: string; readonly found: string };
  readonly stopAsked?: { readonly holderEpoch: number; readonly principal: string; readonly atMs: number };
};

/**
 * What the store has less of than was recorded beside it: an older copy was put back, or its log lost commits. `mark`
 * is a record that cannot be read.
 */
export type RegressionFacts = {
  readonly what: 'epoch' | 'journal' | 'audit' | 'mark';
  readonly recorded: string;
  readonly found: string;
};

/** All that was read about one job. `collectedAtMs` is left out of the digest. */
export type Evidence = {
  readonly job: JobRef;
  readonly recorded: {
    readonly status: string;
    /** How many runs (first run, resumes, restarts) the job has had. */
    readonly runCount: number;
    /** Highest fencing epoch anybody has held the job with; 0 when nobody has. */
    readonly epoch: number;
    readonly startedAtMs?: number;
    readonly endedAtMs?: number;
    readonly lastEventAtMs?: number;
    readonly lastError?: JobError;
  };
  readonly lease?: LeaseHolder;
  readonly liveness?: LivenessFacts;
  readonly orphans: readonly OrphanFacts[];
  readonly units?: UnitsEvidence;
  readonly prerequisites: readonly PrerequisiteFacts[];
  readonly audit: AuditFacts;
  /** The store is not as far as it once was. */
  readonly regression?: RegressionFacts;
  /** Generations of checkpoints, the primary first. */
  readonly checkpoints?: readonly CheckpointEvidence[];
  /** The files in which the job is recorded, where there are several. */
  readonly files?: readonly FileFacts[];
  /** What only its family knows of such a job; nobody else looks into it. */
  readonly own?: object;
  readonly collectedAtMs: number;
};
