/** What evidence needs to know of a job's units, in as few passes as there can be. */
import type { DatabaseSync } from 'node:sqlite';
import { ATTENTION_LIMIT, type UnitFacts, type UnitsEvidence } from '../../core/evidence/schema.ts';
import type { JobRecord } from '../records.ts';
import { assembleCounts, translateUnit } from '../translate-rows.ts';
import { countUnitsByStatus } from './units.ts';

type UnitNumbers = Pick<UnitsEvidence, 'counts' | 'inDoubtWithReceipt' | 'doneWithReceipt' | 'inReviewWithReceipt'>;

/** Counts states and receipts, each in an index: the units themselves are not read. */
export function readUnitNumbers(database: DatabaseSync, jobSeq: number): UnitNumbers {
  const receipts = assembleCounts(
    database
      .prepare(
        `SELECT status, count(*) AS n FROM units INDEXED BY units_with_receipt
         WHERE job_seq = ? AND receipt IS NOT NULL GROUP BY status`,
      )
      .all(jobSeq),
  );
  const counts = countUnitsByStatus(database, jobSeq);
  return {
    counts,
    inDoubtWithReceipt: receipts.in_doubt,
    doneWithReceipt: receipts.done,
    inReviewWithReceipt: receipts.needs_review,
  };
}

/** The units that need a decision, by number, at most `ATTENTION_LIMIT`. */
export function readAttentionUnits(database: DatabaseSync, job: JobRecord): readonly UnitFacts[] {
  return database
    .prepare(
      `SELECT * FROM units INDEXED BY units_open WHERE job_seq = ? AND status IN ('in_doubt', 'needs_review')
       ORDER BY number LIMIT ?`,
    )
    .all(job.seq, ATTENTION_LIMIT)
    .map((row) => translateUnit(row, job));
}

/** The unit that was done last in time, of this generation. */
export function readLastDone(database: DatabaseSync, job: JobRecord): UnitFacts | undefined {
  const row = database
    .prepare(
      `SELECT units.* FROM (SELECT job_seq, number FROM unit_events WHERE job_seq = ?
       AND (event = 'done' OR (event = 'settled' AND code = 'done')) ORDER BY sequence DESC LIMIT 1)
       JOIN units USING (job_seq, number) WHERE status = 'done'`,
    )
    .get(job.seq);
  return row && translateUnit(row, job);
}

/** The unit whose error is the newest among those not done. */
export function readLastErrorUnit(database: DatabaseSync, job: JobRecord): UnitFacts | undefined {
  const row = database
    .prepare(
      `SELECT * FROM units INDEXED BY units_with_error WHERE job_seq = ? AND error_code IS NOT NULL
       AND status IN ('pending', 'in_doubt', 'failed', 'needs_review') ORDER BY event DESC LIMIT 1`,
    )
    .get(job.seq);
  return row && translateUnit(row, job);
}

/** Number of the newest journal event of a job. */
export function readJournalSequence(database: DatabaseSync, jobSeq: number): number {
  const row = database.prepare('SELECT max(sequence) AS s FROM unit_events WHERE job_seq = ?').get(jobSeq);
  return Number(row?.s ?? 0);
}
