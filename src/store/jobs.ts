/** Job records: what was asked for, and the status that is claimed. */
import type { DatabaseSync } from 'node:sqlite';
import { JOB_KINDS, type JobError, type JobKind, type NativeStatus } from '../core/job/schema.ts';

/** A job as recorded. `spec` is the parsed job file as JSON text. Times are epoch milliseconds. */
export type JobRecord = {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly kind: JobKind;
  readonly status: string;
  readonly spec: string;
  readonly rows?: {
    readonly path: string;
    readonly sha256: string;
    readonly sizeBytes: number;
    readonly sha256Expected?: string;
  };
  readonly generation: number;
  readonly runCount: number;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly activeAtMs: number;
  readonly error?: JobError;
};

/** A job to be recorded. */
export type NewJob = {
  readonly id: string;
  readonly name: string;
  readonly kind: JobKind;
  readonly spec: string;
  readonly rowsPath: string;
  readonly atMs: number;
};

/** Records a job whose rows are about to come in; nobody sees it until they have. Returns its sequence number. */
export function insertJob(database: DatabaseSync, job: NewJob): number {
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO jobs (id, name, kind, status, spec, rows_path, created_at_ms, active_at_ms)
       VALUES (?, ?, ?, 'importing', ?, ?, ?, ?)`,
    )
    .run(job.id, job.name, job.kind, job.spec, job.rowsPath, job.atMs, job.atMs);
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

/** A content of a rows file. */
export type RowsFile = { readonly sha256: string; readonly sizeBytes: number };

/** Records the rows file as it was read, or as it was written back. */
export function updateRowsFile(database: DatabaseSync, jobSeq: number, file: RowsFile): void {
  keepRowsFile(database, jobSeq, file);
  database
    .prepare('UPDATE jobs SET rows_sha256 = ?, rows_size_bytes = ?, rows_sha256_expected = NULL WHERE seq = ?')
    .run(file.sha256, file.sizeBytes, jobSeq);
}

/**
 * Records the rows file as it was found, and the digest it is about to get from a write-back, before it is replaced:
 * whatever happens in between, one of the two explains the file.
 */
export function expectRowsFile(
  database: DatabaseSync,
  jobSeq: number,
  file: { readonly found: RowsFile; readonly next: RowsFile },
): void {
  keepRowsFile(database, jobSeq, file.next);
  database
    .prepare('UPDATE jobs SET rows_sha256 = ?, rows_size_bytes = ?, rows_sha256_expected = ? WHERE seq = ?')
    .run(file.found.sha256, file.found.sizeBytes, file.next.sha256, jobSeq);
}

/**
 * Reads every content that a job's rows file had, or was about to get from a write-back, its own or one of another job of
 * the same rows: whichever of them is found, its rows are those of the job. Source: decisions/0026.
 */
export function readRowsFiles(database: DatabaseSync, jobSeq: number): readonly RowsFile[] {
  return database
    .prepare(
      `SELECT DISTINCT sha256, size_bytes FROM rows_files WHERE job_seq IN (
         SELECT same.job_seq FROM rows_files AS own JOIN rows_files AS same USING (sha256) WHERE own.job_seq = ?)`,
    )
    .all(jobSeq)
    .map((row) => ({ sha256: String(row.sha256), sizeBytes: Number(row.size_bytes) }));
}

function keepRowsFile(database: DatabaseSync, jobSeq: number, { sha256, sizeBytes }: RowsFile): void {
  database.prepare('INSERT OR IGNORE INTO rows_files VALUES (?, ?, ?)').run(jobSeq, sha256, sizeBytes);
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

/** Starts a new generation of a job: its units get new idempotency keys. Returns the generation. */
export function raiseGeneration(database: DatabaseSync, jobSeq: number): number {
  database.prepare('UPDATE jobs SET generation = generation + 1 WHERE seq = ?').run(jobSeq);
  return Number(database.prepare('SELECT generation FROM jobs WHERE seq = ?').get(jobSeq)?.generation);
}

/** Reads a kind; what Salvor does not know is taken for the oldest kind. */
export function translateKind(kind: unknown): JobKind {
  return JOB_KINDS.find((known) => known === kind) ?? 'batch';
}

/** Reads a row of `jobs`. */
export function translateJob(row: Readonly<Record<string, unknown>>): JobRecord {
  const rows = translateRows(row);
  return {
    seq: Number(row.seq),
    id: String(row.id),
    name: String(row.name),
    kind: translateKind(row.kind),
    status: String(row.status),
    spec: String(row.spec),
    ...(rows && { rows }),
    generation: Number(row.generation),
    runCount: Number(row.run_count),
    createdAtMs: Number(row.created_at_ms),
    ...(row.started_at_ms !== null && { startedAtMs: Number(row.started_at_ms) }),
    ...(row.ended_at_ms !== null && { endedAtMs: Number(row.ended_at_ms) }),
    activeAtMs: Number(row.active_at_ms),
    ...(row.error_code !== null && {
      error: { code: String(row.error_code), message: String(row.error_message ?? '') },
    }),
  };
}

/** Reads what is recorded of the rows file; undefined while it has not been read. */
export function translateRows(row: Readonly<Record<string, unknown>>): JobRecord['rows'] {
  if (row.rows_sha256 === null) return undefined;
  return {
    path: String(row.rows_path),
    sha256: String(row.rows_sha256),
    sizeBytes: Number(row.rows_size_bytes),
    ...(row.rows_sha256_expected !== null && { sha256Expected: String(row.rows_sha256_expected) }),
  };
}
