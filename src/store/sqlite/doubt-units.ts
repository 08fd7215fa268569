import type { DatabaseSync } from 'node:sqlite';
import type { JobError } from '../../core/job/schema.ts';
import type { ChangeMark } from './unit-journal.ts';

/** Why units are doubted, and the journal event they come after: one that the store may have lost. */
export type Doubt = ChangeMark & { readonly error: JobError; readonly afterSequence: number };

/**
 * Puts every unit in doubt that would be run, or run again, though it may have been run since: a verify hook or a person
 * settles it first. Returns how many there were; those that were in doubt already stay so.
 *
 * Errors: those of SQLite. Call it inside a transaction.
 * Source: design, rule 6; decisions/0016.
 */
export function doubtUnits(database: DatabaseSync, jobSeq: number, doubt: Doubt): number {
  const { epoch, atMs, error, afterSequence } = doubt;
  database
    .prepare(
      `INSERT INTO unit_events SELECT job_seq, ? + row_number() OVER (ORDER BY number), number, attempts, 'doubted', ?, ?,
       status, ? FROM units WHERE job_seq = ? AND status IN ('pending', 'failed')`,
    )
    .run(afterSequence, epoch, atMs, error.message, jobSeq);
  const { changes } = database
    .prepare(
      `UPDATE units SET status = 'in_doubt', finished_at_ms = NULL, error_code = ?1, error_message = ?2,
       event = doubted.sequence FROM (
         SELECT number AS doubted_number, sequence FROM unit_events WHERE job_seq = ?3 AND sequence > ?4
       ) AS doubted WHERE job_seq = ?3 AND number = doubted.doubted_number`,
    )
    .run(error.code, error.message, jobSeq, afterSequence);
  return Number(changes);
}
