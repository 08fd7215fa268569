import type { DatabaseSync } from 'node:sqlite';
import { type ChangeMark, readLastSequence } from './unit-journal.ts';

/**
 * Puts units under review back in doubt, so that the verify hook is asked about them again; returns how many there were.
 * One with a receipt is under review for what was said beside it, and a hook cannot take that back. How often each was
 * asked in vain, and what that added to its error, is carried on. Source: decisions/0024.
 */
export function askAgain(database: DatabaseSync, jobSeq: number, { epoch, atMs }: ChangeMark): number {
  const base = readLastSequence(database, jobSeq);
  database
    .prepare(
      `INSERT INTO unit_events SELECT u.job_seq, ?1 + row_number() OVER (ORDER BY u.number), u.number,
       iif(e.event = 'unknown', e.attempt, 0), 'ask_again', ?2, ?3, u.status,
       iif(e.event = 'unknown' AND e.attempt > 0, e.detail, NULL)
       FROM units u INDEXED BY units_open LEFT JOIN unit_events e ON e.job_seq = u.job_seq AND e.sequence = u.event
       WHERE u.job_seq = ?4 AND u.status IN ('in_doubt', 'needs_review') AND u.status = 'needs_review'
       AND u.receipt IS NULL`,
    )
    .run(base, epoch, atMs, jobSeq);
  const { changes } = database
    .prepare(
      `UPDATE units SET status = 'in_doubt', event = asked.sequence FROM (
         SELECT number AS asked_number, sequence FROM unit_events WHERE job_seq = ?1 AND sequence > ?2
       ) AS asked WHERE job_seq = ?1 AND number = asked.asked_number`,
    )
    .run(jobSeq, base);
  return Number(changes);
}
