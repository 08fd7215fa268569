/** What a dialect answers for a list. The order of living jobs among the recorded ones is made above it. */
import type { LeaseHolder, LivenessFacts } from '../core/evidence/schema.ts';
import type { JobError, UnitCounts } from '../core/job/schema.ts';
import type { FileMark, JobRecord } from './records.ts';

/** Classes of jobs in a list as they are recorded. A unit in doubt or under review makes a job `in doubt`. */
export const LIST_CLASSES = ['in doubt', 'failed', 'interrupted', 'finished', 'cancelled'] as const;
/** One of them. */
export type ListClass = (typeof LIST_CLASSES)[number];

/** Which jobs to list. `excludedSeqs` are left out: they stand at other places of the order. */
export type ListFilter = {
  readonly scope: 'attention' | 'all';
  readonly excludedSeqs: readonly number[];
  /** Part of the name, whatever its case (ASCII), or the beginning of the id. */
  readonly text?: string;
  readonly kind?: string;
};

/** A place in the order of one class: most recently active first, of those the one recorded last. */
export type ListKey = Pick<JobRecord, 'activeAtMs' | 'seq'>;

/** A piece of one class: `offset` counts from `after`, or from the beginning. */
export type ListSlice = { readonly after?: ListKey; readonly offset: number; readonly limit: number };

/** What a list shows of a job, as recorded. */
export type ListedJob = Pick<
  JobRecord,
  'seq' | 'id' | 'name' | 'kind' | 'status' | 'spec' | 'rows' | 'runCount' | 'createdAtMs' | 'activeAtMs'
> & {
  /** As of a look. */
  readonly rowsFiles: readonly FileMark[];
  /** Whether the last runner let its lease go; absent when there never was one. */
  readonly released?: boolean;
  readonly counts: UnitCounts;
  /** The newest error of the units not done, else that of the job. */
  readonly lastError?: JobError;
  readonly isAuditBroken: boolean;
  readonly isRegressed: boolean;
  /** Only when asked for: how many receipts, up to `RECEIPT_COUNT_LIMIT`. */
  readonly receiptCount?: number;
};

/** A run that nobody ended and that may live, with what its proof of life and its process say. */
export type PossiblyAlive = { readonly seq: number; readonly holder: LeaseHolder; readonly liveness: LivenessFacts };

/**
 * Reads for one list, all in one snapshot. What they cost does not grow with the jobs there are, but for counts, which
 * are read from an index.
 */
export type ListReader = {
  /**
   * The last runners of jobs that did not let go and may live. Left out are only those that are certainly dead: their
   * process, which could be looked at, is not there, or their heartbeat on another host or boot is too old.
   */
  readonly possiblyAlive: () => Promise<readonly PossiblyAlive[]>;
  /** Of the jobs named, those that text and kind match, in the same order. */
  readonly match: (seqs: readonly number[], filter: Pick<ListFilter, 'text' | 'kind'>) => Promise<readonly number[]>;
  /** Sequence numbers of one class, in the order of `ListKey`. A class outside the scope is answered all the same. */
  readonly read: (filter: ListFilter, name: ListClass, slice: ListSlice) => Promise<readonly number[]>;
  readonly count: (filter: ListFilter, name: ListClass) => Promise<number>;
  /** How many jobs there are in the classes of the scope: finished and cancelled ones only in that of all. */
  readonly countAll: (filter: ListFilter) => Promise<number>;
  /** The jobs named, in that order; one that is not there is left out. */
  readonly describe: (
    seqs: readonly number[],
    options: { readonly withReceipts: boolean },
  ) => Promise<readonly ListedJob[]>;
};
