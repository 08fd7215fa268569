/** What a store keeps, as it answers it and as it is told. */
import type { UnitFacts } from '../core/evidence/schema.ts';
import type { JobError } from '../core/job/schema.ts';

/** A file as it was read. */
export type FileMark = { readonly sha256: string; readonly sizeBytes: number };

/** A rows file and what is in it. */
export type RowsFile = { readonly path: string; readonly sha256: string };

/** A rows file as it was found or written; `next` is what it is about to become from a write-back. */
export type RowsChange = FileMark & { readonly next?: FileMark };

/**
 * A job as recorded. `seq` rises with every job that is recorded in a store. `spec` is the parsed job file as JSON text.
 * `rows.sha256Expected` is the digest the rows file gets from a write-back whose end is not recorded yet.
 */
export type JobRecord = {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly spec: string;
  readonly rows?: FileMark & { readonly path: string; readonly sha256Expected?: string };
  readonly generation: number;
  readonly runCount: number;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly activeAtMs: number;
  readonly error?: JobError;
};

/** A job to be recorded; `rowsPath` is the file that its units are made of, when there is one. */
export type NewJob = Pick<JobRecord, 'id' | 'name' | 'kind' | 'spec'> & {
  readonly rowsPath?: string;
  readonly atMs: number;
};

/** One unit to be recorded: its number from 1, its unique key, its input as JSON text. */
export type UnitInput = { readonly number: number; readonly key: string; readonly dataJson: string };

/** Units as they are read: in chunks, with the mark of their file, when there is one, once the last chunk was taken. */
export type UnitsInput = {
  readonly chunks: AsyncIterable<readonly UnitInput[]>;
  readonly digest?: () => FileMark;
};

/**
 * A job of the same rows. `unfinished`: it has rows to decide on, or to run and was not cancelled. `changed`: its rows file
 * had other content.
 */
export type SameRowsJob = { readonly job: JobRecord; readonly unfinished: boolean; readonly changed: boolean };

/** Judges a job that is about to be recorded by those of the same rows; throws to refuse it. */
export type JudgeSameRows = (same: readonly SameRowsJob[]) => void;

/** Units after a number, in order of it, at most so many. */
export type After = { readonly number: number; readonly limit: number };

/** A unit still to run, with its input. */
export type PendingUnit = UnitInput & { readonly attempts: number; readonly idempotencyKey: string };

/**
 * A unit in doubt, and how often the verify hook was asked about it in vain. `doubt` is why it is in doubt, without what
 * such questions added; undefined when its runner died, since its error is one of an earlier attempt then. `reference` is
 * what its work is known by, when that was begun and nothing became known of it since.
 */
export type DoubtfulUnit = UnitFacts & {
  readonly unanswered: number;
  readonly doubt?: JobError;
  readonly reference?: string;
};
