/**
 * Jobs that were made of the same rows: running those again does every effect again. They are known by every content
 * their rows file had: a copy of it may be put back, or come again. Source: decisions/0026.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { JobRecord, SameRowsJob } from '../records.ts';
import { translateJob } from '../translate-rows.ts';

/** Whether a job has rows to run or to decide on, and was not cancelled. */
const IS_UNFINISHED = `(status IN ('pending', 'running', 'stopped', 'failed') OR (status = 'completed' AND EXISTS (
  SELECT 1 FROM units INDEXED BY units_open WHERE job_seq = jobs.seq AND status IN ('in_doubt', 'needs_review'))))`;

const HAD_ROWS = 'seq IN (SELECT job_seq FROM rows_files WHERE sha256 = ?2)';

/**
 * Finds the jobs of a name whose rows file has or had this digest, or was about to get it from a write-back; newest first.
 *
 * Source: contract, commands (run).
 */
export function findSameRows(database: DatabaseSync, name: string, sha256: string): readonly SameRowsJob[] {
  return database
    .prepare(
      `SELECT jobs.*, ${IS_UNFINISHED} AS unfinished
       FROM jobs WHERE name = ?1 AND status != 'importing' AND ${HAD_ROWS}
       ORDER BY seq DESC`,
    )
    .all(name, sha256)
    .map((row) => ({ job: translateJob(row), unfinished: row.unfinished === 1 }));
}

/**
 * Finds unfinished jobs of other names that have the rows of this one; newest first.
 *
 * Source: decisions/0019.
 */
export function findUnfinishedElsewhere(database: DatabaseSync, job: JobRecord, limit: number): readonly JobRecord[] {
  return database
    .prepare(
      `SELECT * FROM jobs WHERE name != ?1 AND ${HAD_ROWS} AND ${IS_UNFINISHED}
       ORDER BY seq DESC LIMIT ?3`,
    )
    .all(job.name, job.rows?.sha256 ?? null, limit)
    .map(translateJob);
}

/** Whether a job of this name is recorded at all: if not, its rows file need not be read to compare it. */
export function hasName(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare("SELECT 1 FROM jobs WHERE name = ? AND status != 'importing' LIMIT 1").get(name) !== undefined
  );
}
