/** What a kind says of one of its jobs. A runner asks this, and never which kind it is. */
import type { RetryPolicy } from '../core/execution/backoff.ts';
import type { UnitEnd } from '../core/execution/run-unit.ts';
import type { RunEnd } from '../core/execution/schema.ts';
import type { UnitWork } from '../core/execution/unit-engine.ts';
import type { JobError, UnitCounts } from '../core/job/schema.ts';
import type { Clock, Faults } from '../core/ports.ts';
import type { FileDigest } from '../platform/digest-file.ts';
import type { CommandPlace } from '../platform/find-missing-command.ts';
import type { HeldJob, JobChange, JobState, JobStore } from '../store/contract.ts';
import type { JobRecord, UnitsInput } from '../store/records.ts';
import type { UnitProgram } from './engines/unit-program.ts';

/** How running the units ended; `error` is the last one met. */
export type UnitsEnd = { readonly end: 'ran_out' | 'halted' | 'stopped'; readonly error?: JobError };

/** How a run ended, as recorded. */
export type RunOutcome = { readonly end: RunEnd; readonly error?: JobError };

/**
 * What a run is judged by when its units are through: how that ended, how the units stand, and how many in doubt the
 * verify hook was not asked about, since it did not answer.
 */
export type UnitsThrough = { readonly units: UnitsEnd; readonly counts: UnitCounts; readonly unasked: number };

/** What is next in one run of a job. */
export type UnitCourse = {
  /** The next unit to begin, each once in a run; undefined when there is none. It may wait for units in hand. */
  readonly next: () => Promise<UnitWork | undefined>;
  /** Told how a unit came out, before that is on disk; answers whether another may be begun. */
  readonly mayGoOn: (unit: UnitWork, end: UnitEnd) => boolean;
};

/** A write-back to be done. */
export type JobWriteBack = {
  /** Where the units are read. */
  readonly rows: Pick<JobStore, 'unitRecords'>;
  readonly job: Pick<JobRecord, 'id'>;
  /** Changes the job: the store's own way, or that of whoever holds it. */
  readonly change: HeldJob['change'];
  /** Says, inside each transaction, whether the writer still may: throws when not. */
  readonly guard?: (state: JobState) => void;
  /** What is recorded besides, in the transaction that records the file as it is then. */
  readonly record?: (state: JobState, written: FileResult) => Omit<JobChange, 'atMs' | 'rows' | 'lastly'>;
  readonly clock: Clock;
  /** Crash points: `before-rename`, `after-rename`. */
  readonly faults?: Faults;
};

/** A file after a write-back; `changed` is false when it said it all already. */
export type FileResult = { readonly digest: FileDigest; readonly changed: boolean };

/** What was written where; `journalSequence` is how far the journal was that it says. */
export type WrittenResults = FileResult & { readonly path: string; readonly journalSequence: number };

/** The units of a job to be recorded, as they are read once. `close` ends the reading early. */
export type OpenedUnits = UnitsInput & { readonly close: () => Promise<void> };

/** One job of a kind, by its specification. */
export type JobWork = {
  readonly name: string;
  /** What its units are called. */
  readonly unit: 'row' | 'step';
  /** The specification as it is recorded: JSON text that the kind reads back. */
  readonly spec: string;
  /** The file that its units are made of, absolute: the same rows are asked about before they are run again. */
  readonly rowsPath?: string;
  /** What has to be there before it runs: the programs of its command lines. */
  readonly commands: { readonly lines: readonly string[]; readonly place: CommandPlace };
  /** The units it begins with. Errors: ROWS_INVALID, also while they are read. */
  readonly openUnits: () => Promise<OpenedUnits>;
  readonly concurrency: number;
  readonly retry: RetryPolicy;
  /** What an engine carries out. Errors: JOB_FILE_INVALID for a command line that does not fit the job. */
  readonly makeProgram: () => UnitProgram;
  /** What is next: made anew for each run. */
  readonly makeCourse: (held: Pick<HeldJob, 'pending'>) => UnitCourse;
  /** How the run ends. Errors: none. */
  readonly judgeEnd: (through: UnitsThrough) => RunOutcome;
  /** Writes results into a file of the operator's; absent when the job writes none. Errors: those of writing back. */
  readonly writeBack?: (asked: JobWriteBack) => Promise<WrittenResults>;
};
