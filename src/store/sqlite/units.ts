/** Units as they are now. Every count is computed from them. */
import type { DatabaseSync } from 'node:sqlite';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import { UNIT_STATUSES, type UnitCounts, type UnitStatus } from '../../core/job/schema.ts';
import type { UnitNames, UnitPage, UnitQuery, UnitRecord, UnitRecordQuery } from '../../core/ports.ts';
import type { After, DoubtfulUnit, JobRecord, PendingUnit } from '../records.ts';
import { assembleCounts, translateDoubtful, translateUnit } from '../translate-rows.ts';
import { describeDataGone, formatIdempotencyKey } from '../unit-events.ts';

/** What names a job and its units. */
type JobName = Pick<JobRecord, 'seq' | 'id' | 'generation'>;

/** Counts a job's units by state. */
export function countUnitsByStatus(database: DatabaseSync, jobSeq: number): UnitCounts {
  const rows = database
    .prepare('SELECT status, count(*) AS n FROM units INDEXED BY units_by_status WHERE job_seq = ? GROUP BY status')
    .all(jobSeq);
  return assembleCounts(rows);
}

const OPEN_STATUSES: readonly UnitStatus[] = ['in_doubt', 'needs_review'];
const OPEN = "status IN ('in_doubt', 'needs_review')";

/** One page of a job's units by number; statuses empty means all. */
export function readUnits(database: DatabaseSync, job: JobName, query: UnitQuery): UnitPage {
  const statuses = query.statuses.length > 0 ? query.statuses : UNIT_STATUSES;
  // Open units are few: with the index of them, named by its very words, a long job is not read for them.
  const isOpen = statuses.every((status) => OPEN_STATUSES.includes(status));
  const from = isOpen ? `units INDEXED BY units_open WHERE ${OPEN} AND` : 'units WHERE';
  const where = `${from} job_seq = ? AND status IN (${statuses.map(() => '?').join(', ')})`;
  const total = database.prepare(`SELECT count(*) AS n FROM ${where}`).get(job.seq, ...statuses);
  const rows = database
    .prepare(`SELECT * FROM ${where} ORDER BY number LIMIT ? OFFSET ?`)
    .all(job.seq, ...statuses, query.limit, query.offset);
  return { units: rows.map((row) => translateUnit(row, job)), total: Number(total?.n) };
}

/** Units in doubt by number, after a given one: what is settled next. */
export function readInDoubt(database: DatabaseSync, job: JobName, after: After): readonly DoubtfulUnit[] {
  return database
    .prepare(
      `SELECT u.*, iif(e.event IN ('unanswered', 'ask_again'), e.attempt, 0) AS unanswered, e.event AS last_event,
       e.detail AS last_detail
       FROM units u INDEXED BY units_open LEFT JOIN unit_events e ON e.job_seq = u.job_seq AND e.sequence = u.event
       WHERE u.${OPEN} AND u.status = 'in_doubt' AND u.job_seq = ? AND u.number > ? ORDER BY u.number LIMIT ?`,
    )
    .all(job.seq, after.number, after.limit)
    .map((row) => translateDoubtful(row, job));
}

/** Units by their keys or numbers, each once, by number. A key and a number are never taken for each other. */
export function readNamedUnits(
  database: DatabaseSync,
  job: JobName,
  { keys, numbers }: UnitNames,
): readonly UnitFacts[] {
  const byKey = database.prepare('SELECT * FROM units WHERE job_seq = ? AND key = ?');
  const byNumber = database.prepare('SELECT * FROM units WHERE job_seq = ? AND number = ?');
  const rows = [
    ...keys.map((key) => byKey.get(job.seq, key)),
    ...numbers.map((number) => byNumber.get(job.seq, number)),
  ];
  const found = new Map(rows.flatMap((row) => (row ? [[Number(row.number), row] as const] : [])));
  return [...found].sort(([one], [other]) => one - other).map(([, row]) => translateUnit(row, job));
}

/**
 * Units still to run, by number, after a given one: what a runner takes next.
 *
 * Errors: STATE_CORRUPT naming a unit whose input is gone.
 */
export function readPendingUnits(database: DatabaseSync, job: JobName, after: After): readonly PendingUnit[] {
  return database
    .prepare(
      `SELECT u.number, u.key, u.attempts, d.data FROM units u LEFT JOIN unit_data d USING (job_seq, number)
       WHERE u.job_seq = ? AND u.status = 'pending' AND u.number > ? ORDER BY u.number LIMIT ?`,
    )
    .all(job.seq, after.number, after.limit)
    .map((row) => {
      const number = Number(row.number);
      return {
        number,
        key: String(row.key),
        attempts: Number(row.attempts),
        dataJson: checkData(row.data, number),
        idempotencyKey: formatIdempotencyKey(job, number),
      };
    });
}

/**
 * The input of one unit, as the JSON text it was recorded with.
 *
 * Errors: STATE_CORRUPT when it is gone: a unit is never run with another input than its own.
 */
export function readUnitData(database: DatabaseSync, jobSeq: number, number: number): string {
  const row = database.prepare('SELECT data FROM unit_data WHERE job_seq = ? AND number = ?').get(jobSeq, number);
  return checkData(row?.data, number);
}

function checkData(data: unknown, number: number): string {
  if (typeof data === 'string') return data;
  throw describeDataGone(number);
}

/**
 * Units with their data after a number, at most `limit`. Paged by number, so that the last page of a million costs what
 * the first does.
 */
export function readUnitRecords(database: DatabaseSync, job: JobName, query: UnitRecordQuery): readonly UnitRecord[] {
  const statuses = query.statuses.length > 0 ? query.statuses : UNIT_STATUSES;
  return database
    .prepare(
      `SELECT u.*, d.data FROM units u LEFT JOIN unit_data d USING (job_seq, number)
       WHERE u.job_seq = ? AND u.number > ? AND u.status IN (${statuses.map(() => '?').join(', ')})
       ORDER BY u.number LIMIT ?`,
    )
    .all(job.seq, query.afterNumber, ...statuses, query.limit)
    .map((row) => ({
      ...translateUnit(row, job),
      ...(row.data !== null && { dataJson: String(row.data) }),
      ...(row.result !== null && { resultJson: String(row.result) }),
    }));
}
