/** What evidence needs to know of a job's units, in as few passes as there can be. */
import type { DatabaseSync } from 'node:sqlite';
import { ATTENTION_LIMIT, type UnitFacts, type UnitsEvidence } from '../core/evidence/schema.ts';
import type { UnitStatus } from '../core/job/schema.ts';
import type { JobRecord } from './jobs.ts';
import { assembleCounts, translateUnit } from './units.ts';

type UnitNumbers = Pick<UnitsEvidence, 'counts' | 'inDoubtWithReceipt' | 'doneWithReceipt'>;

/** Counts states and receipts in one pass over an index that has both: the units themselves are not read. */
export function readUnitNumbers(database: DatabaseSync, jobSeq: number): UnitNumbers {
  const rows = database
    .prepare(
      `SELECT status, proven, count(*) AS n FROM units INDEXED BY units_by_status
       WHERE job_seq = ? GROUP BY status, proven`,
    )
    .all(jobSeq);
  const countProven = (status: UnitStatus): number =>
    Number(rows.find((row) => row.status === status && row.proven === 1)?.n ?? 0);
  return {
    counts: assembleCounts(rows),
    inDoubtWithReceipt: countProven('in_doubt'),
    doneWithReceipt: countProven('done'),
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
      `SELECT units.* FROM (SELECT job_seq, number FROM unit_events WHERE job_seq = ? AND event IN ('done', 'settled')
       ORDER BY sequence DESC LIMIT 1) JOIN units USING (job_seq, number) WHERE status = 'done'`,
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
