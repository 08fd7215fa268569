import { mkdirSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';
import { type HeldLock, probeLock, tryLock } from '../../platform/lock-file.ts';
import type { JobRecord, JudgeSameRows, NewJob, UnitsInput } from '../records.ts';
import { jobDirectory, lockPath } from '../state-directory.ts';
import { CHANGING } from '../translate-errors.ts';
import type { Connection } from './connection.ts';
import { changeStore } from './database.ts';
import { readHighWater } from './high-water.ts';
import { deleteJob, hideUnheld, insertUnits, listImporting } from './import.ts';
import { insertJob, readJob, setStatus, updateRowsFile } from './jobs.ts';
import { findSameRows } from './same-rows.ts';
import { translateErrors } from './translate-errors.ts';

/** A job to be recorded, its rows, and who judges it at the end. */
export type Creation = {
  readonly job: NewJob;
  readonly rows: UnitsInput;
  readonly judge?: JudgeSameRows;
};

/**
 * Records a job with all its rows; until the last one is in, the job is `importing` and nobody sees it.
 *
 * Errors: those of the contract; nothing stays.
 * Source: decisions/0004.
 */
export async function createJob(connection: Connection, { job, rows, judge }: Creation): Promise<JobRecord> {
  const { stateDirectory } = connection;
  const database = connection.open();
  removeAbandoned(database, stateDirectory);
  const directory = jobDirectory(stateDirectory, job.id);
  translateErrors(directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }), CHANGING);
  let lock: HeldLock | undefined;
  let seq: number | undefined;
  try {
    lock = translateErrors(directory, () => tryLock(lockPath(stateDirectory, job.id)), CHANGING);
    const jobSeq = changeStore(database, () => insertJob(database, job));
    seq = jobSeq;
    for await (const chunk of rows.chunks) changeStore(database, () => insertUnits(database, jobSeq, chunk));
    changeStore(database, () => {
      const digest = rows.digest?.();
      if (digest && job.rowsPath !== undefined) {
        judge?.(findSameRows(database, job.name, { path: job.rowsPath, sha256: digest.sha256 }));
        updateRowsFile(database, jobSeq, digest);
      }
      setStatus(database, jobSeq, 'pending');
    });
  } catch (error) {
    removeJob(database, stateDirectory, { id: job.id, ...(seq !== undefined && { seq }) });
    throw error;
  } finally {
    lock?.release();
  }
  const record = readJob(database, job.id);
  if (!record) throw new RecoveryError('STATE_CORRUPT', `job ${job.id} is gone after it was recorded`);
  return record;
}

/** Removes a job that nobody ever held. Errors: those of the contract. */
export function takeBackJob({ stateDirectory, open }: Connection, jobId: string): void {
  const database = open();
  const job = readJob(database, jobId);
  if (job && hideUnheld(database, job.seq)) removeJob(database, stateDirectory, job);
}

function removeAbandoned(database: DatabaseSync, stateDirectory: string): void {
  for (const job of listImporting(database)) {
    // One that was acted on was no unfinished import: the store went back in time, and its directory is what is left.
    const wasActedOn = readHighWater(jobDirectory(stateDirectory, job.id)) !== undefined;
    const isComing = probeLock(lockPath(stateDirectory, job.id)) === 'held';
    if (!wasActedOn && !isComing) removeJob(database, stateDirectory, job);
  }
}

/** Takes away a job that never began; a failure here is left to the next one to repeat. */
function removeJob(
  database: DatabaseSync,
  stateDirectory: string,
  job: { readonly id: string; readonly seq?: number },
): void {
  try {
    if (job.seq !== undefined) deleteJob(database, job.seq);
    rmSync(jobDirectory(stateDirectory, job.id), { recursive: true, force: true });
  } catch {
    // The cause that is already being told matters more than the remains.
  }
}
