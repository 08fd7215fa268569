/** Units as they are now. Every count is computed from them. */
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../core/errors.ts';
import type { UnitFacts } from '../core/evidence/schema.ts';
import { type JobError, UNIT_STATUSES, type UnitCounts, type UnitStatus } from '../core/job/schema.ts';
import type { UnitNames, UnitPage, UnitQuery, UnitRecord, UnitRecordQuery } from '../core/ports.ts';

/** The key that is the same for every attempt of a unit in one generation of a job. Source: design, rule 6. */
export function formatIdempotencyKey(
  job: { readonly id: string; readonly generation: number },
  number: number,
): string {
  return `${job.id}:${job.generation}:${number}`;
}

/** Counts a job's units by state. */
export function countUnitsByStatus(database: DatabaseSync, jobSeq: number): UnitCounts {
  const rows = database
    .prepare('SELECT status, count(*) AS n FROM units INDEXED BY units_by_status WHERE job_seq = ? GROUP BY status')
    .all(jobSeq);
  return assembleCounts(rows);
}

/** Makes complete counts of rows `{status, n}`; a state nobody is in counts 0. */
export function assembleCounts(rows: readonly Readonly<Record<string, unknown>>[]): UnitCounts {
  const counts: Record<UnitStatus, number> = {
    pending: 0,
    in_doubt: 0,
    done: 0,
    failed: 0,
    skipped: 0,
    needs_review: 0,
  };
  for (const row of rows) {
    const status = UNIT_STATUSES.find((known) => known === row.status);
    if (status) counts[status] += Number(row.n);
  }
  return counts;
}

const OPEN_STATUSES: readonly UnitStatus[] = ['in_doubt', 'needs_review'];
const OPEN = "status IN ('in_doubt', 'needs_review')";

/** One page of a job's units by number; statuses empty means all. */
export function readUnits(
  database: DatabaseSync,
  job: { readonly seq: number; readonly id: string; readonly generation: number },
  query: UnitQuery,
): UnitPage {
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

/**
 * A unit in doubt, and how often the verify hook was asked about it in vain. `doubt` is why it is in doubt, without what
 * such questions added; undefined when its runner died, since its error is one of an earlier attempt then.
 */
export type DoubtfulUnit = UnitFacts & { readonly unanswered: number; readonly doubt?: JobError };

/** Units in doubt by number, after a given one: what is settled next. */
export function readInDoubt(
  database: DatabaseSync,
  job: { readonly seq: number; readonly id: string; readonly generation: number },
  after: { readonly number: number; readonly limit: number },
): readonly DoubtfulUnit[] {
  return database
    .prepare(
      `SELECT u.*, iif(e.event IN ('unanswered', 'ask_again'), e.attempt, 0) AS unanswered, e.event AS last_event,
       e.detail AS last_detail
       FROM units u INDEXED BY units_open LEFT JOIN unit_events e ON e.job_seq = u.job_seq AND e.sequence = u.event
       WHERE u.${OPEN} AND u.status = 'in_doubt' AND u.job_seq = ? AND u.number > ? ORDER BY u.number LIMIT ?`,
    )
    .all(job.seq, after.number, after.limit)
    .map((row) => {
      const unit = translateUnit(row, job);
      return { ...unit, unanswered: Number(row.unanswered), ...readDoubt(unit, row) };
    });
}

function readDoubt(
  { error }: UnitFacts,
  { last_event: event, last_detail: said }: Readonly<Record<string, unknown>>,
): Pick<DoubtfulUnit, 'doubt'> {
  if (!error || (event !== 'unanswered' && event !== 'ask_again' && event !== 'doubted')) return {};
  if (event === 'doubted' || said === null) return { doubt: error };
  const added = `; ${said}`;
  // Before anything was added it was the whole error, as it is when the runner had died.
  if (!error.message.endsWith(added)) return {};
  return { doubt: { code: error.code, message: error.message.slice(0, -added.length) } };
}

/** Units from one number to another, both included. */
export function readUnitRange(
  database: DatabaseSync,
  job: { readonly seq: number; readonly id: string; readonly generation: number },
  range: { readonly first: number; readonly last: number },
): readonly UnitFacts[] {
  return database
    .prepare('SELECT * FROM units WHERE job_seq = ? AND number BETWEEN ? AND ? ORDER BY number')
    .all(job.seq, range.first, range.last)
    .map((row) => translateUnit(row, job));
}

/** Units by their keys or numbers, each once, by number. A key and a number are never taken for each other. */
export function readNamedUnits(
  database: DatabaseSync,
  job: { readonly seq: number; readonly id: string; readonly generation: number },
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

/** Reads a row of `units`. */
export function translateUnit(
  row: Readonly<Record<string, unknown>>,
  job: { readonly id: string; readonly generation: number },
): UnitFacts {
  const number = Number(row.number);
  return {
    number,
    key: String(row.key),
    status: UNIT_STATUSES.find((known) => known === row.status) ?? 'needs_review',
    eventSequence: Number(row.event),
    idempotencyKey: formatIdempotencyKey(job, number),
    attempts: Number(row.attempts),
    ...(row.receipt !== null && { receipt: String(row.receipt) }),
    ...(row.started_at_ms !== null && { startedAtMs: Number(row.started_at_ms) }),
    ...(row.finished_at_ms !== null && { finishedAtMs: Number(row.finished_at_ms) }),
    ...(row.error_code !== null && {
      error: { code: String(row.error_code), message: String(row.error_message ?? '') },
    }),
  };
}

/**
 * Units still to run, by number, after a given one: what a runner takes next.
 *
 * Errors: STATE_CORRUPT naming a unit whose input is gone.
 */
export function readPendingUnits(
  database: DatabaseSync,
  jobSeq: number,
  after: { readonly number: number; readonly limit: number },
): readonly { readonly number: number; readonly key: string; readonly attempts: number; readonly rowJson: string }[] {
  return database
    .prepare(
      `SELECT u.number, u.key, u.attempts, d.data FROM units u LEFT JOIN unit_data d USING (job_seq, number)
       WHERE u.job_seq = ? AND u.status = 'pending' AND u.number > ? ORDER BY u.number LIMIT ?`,
    )
    .all(jobSeq, after.number, after.limit)
    .map((row) => ({
      number: Number(row.number),
      key: String(row.key),
      attempts: Number(row.attempts),
      rowJson: checkData(row.data, Number(row.number)),
    }));
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
  throw new RecoveryError('STATE_CORRUPT', `the input of row ${number} is gone from the store`, {
    details: { row: number },
  });
}

/** The inputs of the units from one number to another, both included, by number. */
export function readUnitDataRange(
  database: DatabaseSync,
  jobSeq: number,
  range: { readonly first: number; readonly last: number },
): ReadonlyMap<number, string> {
  const rows = database
    .prepare('SELECT number, data FROM unit_data WHERE job_seq = ? AND number BETWEEN ? AND ?')
    .all(jobSeq, range.first, range.last);
  return new Map(rows.map((row) => [Number(row.number), String(row.data)]));
}

/**
 * Units with their data after a number, at most `limit`. Paged by number, so that the last page of a million costs what
 * the first does.
 */
export function readUnitRecords(
  database: DatabaseSync,
  job: { readonly seq: number; readonly id: string; readonly generation: number },
  query: UnitRecordQuery,
): readonly UnitRecord[] {
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
