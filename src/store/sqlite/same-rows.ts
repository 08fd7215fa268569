/**
 * Jobs that were made of the same rows: running those again does every effect again. They are known by every content
 * their rows file had: a copy of it may be put back, or come again. Source: decisions/0026.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { JobRecord, SameRowsJob } from '../records.ts';
import { translateJob } from '../translate-rows.ts';

/** Whether a job has rows to decide on, or to run and was not cancelled. */
const IS_UNFINISHED = `(status IN ('pending', 'running', 'stopped', 'failed') OR EXISTS (
  SELECT 1 FROM units INDEXED BY units_open WHERE job_seq = jobs.seq AND status IN ('in_doubt', 'needs_review')))`;

const HAD_ROWS = 'seq IN (SELECT job_seq FROM rows_files WHERE sha256 = ?2)';

/**
 * Finds the jobs of a name whose rows file has or had this digest, or was about to get it from a write-back, and those
 * unfinished ones that were made of this very file, whatever was in it; newest first.
 *
 * Source: contract, commands (run); decisions/0019.
 */
export function findSameRows(
  database: DatabaseSync,
  name: string,
  file: { readonly path: string; readonly sha256: string },
): readonly SameRowsJob[] {
  return database
    .prepare(
      `SELECT jobs.*, ${IS_UNFINISHED} AS unfinished, NOT ${HAD_ROWS} AS changed FROM jobs
       WHERE name = ?1 AND status != 'importing' AND (${HAD_ROWS} OR (rows_path = ?3 AND ${IS_UNFINISHED}))
       ORDER BY seq DESC`,
    )
    .all(name, file.sha256, file.path)
    .map((row) => ({ job: translateJob(row), unfinished: row.unfinished === 1, changed: row.changed === 1 }));
}

/**
 * Finds other unfinished jobs that have the rows of this one; newest first.
 *
 * Source: decisions/0019.
 */
export function findUnfinishedElsewhere(database: DatabaseSync, job: JobRecord, limit: number): readonly JobRecord[] {
  return database
    .prepare(
      `SELECT * FROM jobs WHERE seq != ?1 AND status != 'importing' AND ${HAD_ROWS} AND ${IS_UNFINISHED}
       ORDER BY seq DESC LIMIT ?3`,
    )
    .all(job.seq, job.rows?.sha256 ?? null, limit)
    .map(translateJob);
}

/** Whether a job of this name is recorded at all: if not, its rows file need not be read to compare it. */
export function hasName(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare("SELECT 1 FROM jobs WHERE name = ? AND status != 'importing' LIMIT 1").get(name) !== undefined
  );
}
