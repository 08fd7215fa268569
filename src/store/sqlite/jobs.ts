/** Job records: what was asked for, and the status that is claimed. */
import type { DatabaseSync } from 'node:sqlite';
import type { JobError, NativeStatus } from '../../core/job/schema.ts';
import type { FileMark, JobRecord, NewJob, RowsChange } from '../records.ts';
import { addContents, groupContents, type KnownContents, listUnknown } from '../rows-contents.ts';
import { translateJob } from '../translate-rows.ts';

/** Records a job whose rows are about to come in; nobody sees it until they have. Returns its sequence number. */
export function insertJob(database: DatabaseSync, job: NewJob): number {
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO jobs (id, name, kind, status, spec, rows_path, created_at_ms, active_at_ms)
       VALUES (?, ?, ?, 'importing', ?, ?, ?, ?)`,
    )
    .run(job.id, job.name, job.kind, job.spec, job.rowsPath ?? null, job.atMs, job.atMs);
  return Number(lastInsertRowid);
}

/** Finds a job by its id. */
export function readJob(database: DatabaseSync, id: string): JobRecord | undefined {
  const row = database.prepare("SELECT * FROM jobs WHERE id = ? AND status != 'importing'").get(id);
  return row && translateJob(row);
}

/** Finds the jobs a person may mean: the exact id, else a unique name, else an id prefix. At most `limit`. */
export function findJobs(database: DatabaseSync, reference: string, limit: number): readonly JobRecord[] {
  const exact = readJob(database, reference);
  if (exact) return [exact];
  const named = database
    .prepare("SELECT * FROM jobs WHERE name = ? AND status != 'importing' ORDER BY seq LIMIT ?")
    .all(reference, limit);
  if (named.length > 0) return named.map(translateJob);
  return database
    .prepare("SELECT * FROM jobs WHERE substr(id, 1, ?) = ? AND status != 'importing' ORDER BY seq LIMIT ?")
    .all(reference.length, reference, limit)
    .map(translateJob);
}

/**
 * Records the rows file as it was found or written. What it is about to become is recorded before it is replaced:
 * whatever happens in between, one of the two explains the file.
 */
export function updateRowsFile(database: DatabaseSync, jobSeq: number, { next, ...file }: RowsChange): void {
  const keep = database.prepare('INSERT OR IGNORE INTO rows_files VALUES (?, ?, ?)');
  for (const { sha256, sizeBytes } of next ? [file, next] : [file]) keep.run(jobSeq, sha256, sizeBytes);
  database
    .prepare('UPDATE jobs SET rows_sha256 = ?, rows_size_bytes = ?, rows_sha256_expected = ? WHERE seq = ?')
    .run(file.sha256, file.sizeBytes, next?.sha256 ?? null, jobSeq);
}

/**
 * Reads the contents of rows files of jobs (`rowsFiles` of a look), by the sequence number of the job. `known` keeps,
 * within one snapshot, what was found of each content: a hundred thousand jobs may have the same.
 */
export function readRowsFiles(
  database: DatabaseSync,
  jobSeqs: readonly number[],
  known: KnownContents = new Map(),
): ReadonlyMap<number, readonly FileMark[]> {
  const own = database
    .prepare(
      'SELECT job_seq, sha256 FROM json_each(?) AS asked CROSS JOIN rows_files AS own ON own.job_seq = asked.value',
    )
    .all(JSON.stringify(jobSeqs));
  const asked = listUnknown(own, known);
  if (asked.length > 0) {
    const text = `SELECT DISTINCT same.sha256 AS asked, known.sha256, known.size_bytes FROM json_each(?) AS named
      CROSS JOIN rows_files AS same ON same.sha256 = named.value
      CROSS JOIN rows_files AS known ON known.job_seq = same.job_seq`;
    addContents(known, asked, database.prepare(text).all(JSON.stringify(asked)));
  }
  return groupContents(own, known);
}

/** Records a status that is neither the begin nor the end of a run. */
export function setStatus(database: DatabaseSync, jobSeq: number, status: NativeStatus): void {
  database.prepare('UPDATE jobs SET status = ? WHERE seq = ?').run(status, jobSeq);
}

/** Records that a run begins. */
export function startRun(database: DatabaseSync, jobSeq: number, atMs: number): void {
  database
    .prepare(
      `UPDATE jobs SET status = 'running', run_count = run_count + 1, started_at_ms = coalesce(started_at_ms, ?),
       ended_at_ms = NULL, active_at_ms = ?, error_code = NULL, error_message = NULL WHERE seq = ?`,
    )
    .run(atMs, atMs, jobSeq);
}

/** Records how a run ended. */
export function endRun(
  database: DatabaseSync,
  jobSeq: number,
  end: { readonly status: NativeStatus; readonly atMs: number; readonly error?: JobError },
): void {
  database
    .prepare(
      'UPDATE jobs SET status = ?, ended_at_ms = ?, active_at_ms = ?, error_code = ?, error_message = ? WHERE seq = ?',
    )
    .run(end.status, end.atMs, end.atMs, end.error?.code ?? null, end.error?.message ?? null, jobSeq);
}

/** Starts a new generation of a job: its units get new idempotency keys. */
export function raiseGeneration(database: DatabaseSync, jobSeq: number): void {
  database.prepare('UPDATE jobs SET generation = generation + 1 WHERE seq = ?').run(jobSeq);
}
