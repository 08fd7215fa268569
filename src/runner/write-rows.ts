import { RecoveryError } from '../core/errors.ts';
import type { Clock, WrittenRows } from '../core/ports.ts';
import type { JobChange, JobState, JobStore } from '../store/contract.ts';
import type { JobRecord } from '../store/records.ts';
import { kindOf } from './kinds/registry.ts';

/** A write-back of a recorded job apart from a run. */
export type WriteRows = (asked: {
  readonly store: JobStore;
  readonly job: JobRecord;
  readonly clock: Clock;
  /** Called inside each transaction; throws when the writer may not go on. */
  readonly guard: (state: JobState) => void;
  /** What is recorded with the file as it is then. */
  readonly record: (state: JobState, written: Omit<WrittenRows, 'path'>) => Omit<JobChange, 'atMs' | 'rows' | 'lastly'>;
}) => Promise<WrittenRows>;

/**
 * Writes what is true now into the file that a job writes back to.
 *
 * Errors: STATE_CORRUPT, STATE_TOO_NEW, WRITE_BACK_EMPTY, and those of its kind.
 */
export const writeRows: WriteRows = async ({ store, job, clock, guard, record }) => {
  const { writeBack } = (await kindOf(job).load()).parse(job.spec);
  if (!writeBack) throw new RecoveryError('WRITE_BACK_EMPTY', `the job file of '${job.name}' names no write_back`);
  const { path, digest, changed } = await writeBack({
    rows: store,
    job,
    clock,
    guard,
    change: (question, decide) => store.change(job.id, question, decide),
    record: (state, written) => record(state, { sha256: written.digest.sha256, changed: written.changed }),
  });
  return { path, sha256: digest.sha256, changed };
};
