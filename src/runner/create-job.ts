import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import { type HeldLock, probeLock, tryLock } from '../platform/lock-file.ts';
import { changeStore } from '../store/database.ts';
import { readHighWater } from '../store/high-water.ts';
import { deleteJob, hideUnheld, insertUnits, listImporting, type UnitInput } from '../store/import.ts';
import { insertJob, type JobRecord, readJob, setStatus, updateRowsFile } from '../store/jobs.ts';
import { translateErrors } from '../store/translate-errors.ts';
import type { BatchSpec } from './job-file/schema.ts';

/** Where a job's own things are; the layout is the source's. */
export type JobPlaces = {
  readonly directory: (jobId: string) => string;
  readonly lock: (jobId: string) => string;
};

/** Rows of a file as they are read: in chunks, with the file's fingerprint at the end. */
export type RowsInput = {
  readonly chunks: AsyncIterable<readonly UnitInput[]>;
  readonly digest: () => { readonly sha256: string; readonly sizeBytes: number };
};

/** What is in the way of a new job cannot be written, whatever a reader would be told. */
const CHANGING = { STATE_UNREADABLE: 'STATE_UNWRITABLE' } as const;

const ID_LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new job id: short enough to type, 50 random bits. */
export function makeJobId(): string {
  return `b${Array.from({ length: 10 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('')}`;
}

/**
 * Records a job with all its rows. Rows come in chunks of their own transactions, so that other jobs go on meanwhile;
 * until the last one is in, the job is `importing` and nobody sees it. What a crash leaves is removed by the next one.
 *
 * Errors: ROWS_INVALID (a key that stands twice, and whatever reading the rows finds), STATE_FULL, STATE_UNWRITABLE; nothing stays.
 * Source: decisions/0004.
 */
export async function createJob(options: {
  readonly database: DatabaseSync;
  readonly places: JobPlaces;
  readonly spec: BatchSpec;
  readonly rows: RowsInput;
  readonly nowMs: number;
  /** Called inside the transaction that makes the job visible; what it throws leaves no job. */
  readonly check?: (rowsSha256: string) => void;
}): Promise<JobRecord> {
  const { database, places, spec, rows, nowMs } = options;
  removeAbandoned(database, places);
  const id = makeJobId();
  const directory = places.directory(id);
  translateErrors(directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }), CHANGING);
  let lock: HeldLock | undefined;
  let seq: number | undefined;
  try {
    lock = translateErrors(directory, () => tryLock(places.lock(id)), CHANGING);
    seq = changeStore(database, () =>
      insertJob(database, {
        id,
        name: spec.name,
        kind: 'batch',
        spec: JSON.stringify(spec),
        rowsPath: spec.rowsPath,
        atMs: nowMs,
      }),
    );
    const jobSeq = seq;
    for await (const chunk of rows.chunks) changeStore(database, () => insertUnits(database, jobSeq, chunk));
    changeStore(database, () => {
      const digest = rows.digest();
      options.check?.(digest.sha256);
      updateRowsFile(database, jobSeq, digest);
      setStatus(database, jobSeq, 'pending');
    });
  } catch (error) {
    removeJob(database, places, { id, ...(seq !== undefined && { seq }) });
    throw error;
  } finally {
    lock?.release();
  }
  const record = readJob(database, id);
  if (!record) throw new RecoveryError('STATE_CORRUPT', `job ${id} is gone after it was recorded`);
  return record;
}

/**
 * Takes back a job that was recorded and could not be taken: a run that is refused leaves nothing.
 *
 * Returns the error to tell: it names the job where that cannot be taken away either. Errors: none.
 */
export function takeBackJob(
  database: DatabaseSync,
  places: JobPlaces,
  { job, error }: { readonly job: Pick<JobRecord, 'id' | 'seq' | 'name'>; readonly error: unknown },
): unknown {
  try {
    if (hideUnheld(database, job.seq)) removeJob(database, places, job);
    return error;
  } catch {
    const { code, message, details } = toRecoveryError(error);
    const left = `job ${job.id} '${job.name}' is recorded, and none of its rows was begun: salvor --choice cancel --job ${job.id} once it can be written`;
    return new RecoveryError(code, `${message}; ${left}`, { details: { ...details, job: job.id }, cause: error });
  }
}

function removeAbandoned(database: DatabaseSync, places: JobPlaces): void {
  for (const job of listImporting(database)) {
    // One that was acted on was no unfinished import: the store went back in time, and its directory is what is left.
    const wasActedOn = readHighWater(places.directory(job.id)) !== undefined;
    if (!wasActedOn && probeLock(places.lock(job.id)) !== 'held') removeJob(database, places, job);
  }
}

/** Takes away a job that never began; a failure here is left to the next one to repeat. */
function removeJob(
  database: DatabaseSync,
  places: JobPlaces,
  job: { readonly id: string; readonly seq?: number },
): void {
  try {
    if (job.seq !== undefined) deleteJob(database, job.seq);
    rmSync(places.directory(job.id), { recursive: true, force: true });
  } catch {
    // The cause that is already being told matters more than the remains.
  }
}
