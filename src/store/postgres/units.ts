/** Units as they are now. Every count is computed from them. */
import { ATTENTION_LIMIT, type UnitFacts } from '../../core/evidence/schema.ts';
import { UNIT_STATUSES, type UnitCounts } from '../../core/job/schema.ts';
import type { UnitNames, UnitPage, UnitQuery, UnitRecord, UnitRecordQuery } from '../../core/ports.ts';
import type { RecordedUnits } from '../contract.ts';
import type { After, DoubtfulUnit, JobRecord, PendingUnit } from '../records.ts';
import { assembleCounts, translateDoubtful, translateUnit } from '../translate-rows.ts';
import { describeDataGone, formatIdempotencyKey } from '../unit-events.ts';
import { readJournalSequence } from './jobs.ts';
import type { Session } from './session.ts';

/** Which units, by their job: its number, and what makes their idempotency keys. */
export type UnitsOf = Pick<JobRecord, 'seq' | 'id' | 'generation'>;

/** Counts a job's units by state. */
export async function countUnits(session: Session, jobSeq: number): Promise<UnitCounts> {
  const text = 'SELECT status, count(*) AS n FROM units WHERE job_seq = $1 GROUP BY status';
  return assembleCounts(await session.query(text, [jobSeq]));
}

/** One page of a job's units by number; statuses empty means all. */
export async function readUnits(session: Session, job: UnitsOf, query: UnitQuery): Promise<UnitPage> {
  const { where, values } = selectStatuses(job, query.statuses);
  const [[total], rows] = await Promise.all([
    session.query(`SELECT count(*) AS n FROM units WHERE ${where}`, values),
    session.query(`SELECT * FROM units WHERE ${where} ORDER BY number LIMIT $3 OFFSET $4`, [
      ...values,
      query.limit,
      query.offset,
    ]),
  ]);
  return { units: rows.map((row) => translateUnit(row, job)), total: Number(total?.n) };
}

const OPEN = "status IN ('in_doubt', 'needs_review')";

function selectStatuses({ seq }: UnitsOf, asked: UnitQuery['statuses']) {
  const statuses = asked.length > 0 ? asked : UNIT_STATUSES;
  // Open units are few: with the index of them a long job is not read for them.
  const isOpen = statuses.every((status) => status === 'in_doubt' || status === 'needs_review');
  const where = `job_seq = $1 AND status = ANY($2)${isOpen ? ` AND ${OPEN}` : ''}`;
  return { where, values: [seq, statuses] as const };
}

/** Units by their keys or numbers, each once, by number. A key and a number are never taken for each other. */
export async function readNamedUnits(
  session: Session,
  job: UnitsOf,
  { keys, numbers }: UnitNames,
): Promise<readonly UnitFacts[]> {
  if (keys.length + numbers.length === 0) return [];
  const known = numbers.filter((number) => Number.isInteger(number) && number > 0 && number < 2 ** 31);
  const text = `SELECT * FROM units WHERE job_seq = $1 AND number = ANY($2::integer[])
    UNION SELECT * FROM units WHERE job_seq = $1 AND key = ANY($3::text[]) ORDER BY number`;
  return (await session.query(text, [job.seq, known, keys])).map((row) => translateUnit(row, job));
}

/** Units with their data after a number, at most `limit`. The last page costs what the first does. */
export async function readUnitRecords(
  session: Session,
  job: UnitsOf,
  query: UnitRecordQuery,
): Promise<readonly UnitRecord[]> {
  const { where, values } = selectStatuses(job, query.statuses);
  const text = `SELECT units.*, unit_data.data FROM units LEFT JOIN unit_data USING (job_seq, number)
    WHERE ${where} AND number > $3 ORDER BY number LIMIT $4`;
  return (await session.query(text, [...values, query.afterNumber, query.limit])).map((row) => ({
    ...translateUnit(row, job),
    ...(row.data !== null && { dataJson: String(row.data) }),
    ...(row.result !== null && { resultJson: String(row.result) }),
  }));
}

/** Units to run, by number. Errors: STATE_CORRUPT naming a unit whose input is gone. */
export async function readPendingUnits(session: Session, job: UnitsOf, after: After): Promise<readonly PendingUnit[]> {
  const text = `SELECT number, key, attempts, data FROM units LEFT JOIN unit_data USING (job_seq, number)
    WHERE job_seq = $1 AND status = 'pending' AND number > $2 ORDER BY number LIMIT $3`;
  return (await session.query(text, [job.seq, after.number, after.limit], { name: 'pending' })).map((row) => {
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

/** Units in doubt by number, and how often the verify hook was asked about each in vain. */
export async function readInDoubt(session: Session, job: UnitsOf, after: After): Promise<readonly DoubtfulUnit[]> {
  const text = `SELECT u.*, CASE WHEN e.event IN ('unanswered', 'ask_again') THEN e.attempt ELSE 0 END AS unanswered,
    e.event AS last_event, e.detail AS last_detail
    FROM units u LEFT JOIN unit_events e ON e.job_seq = u.job_seq AND e.sequence = u.event
    WHERE u.${OPEN} AND u.status = 'in_doubt' AND u.job_seq = $1 AND u.number > $2 ORDER BY u.number LIMIT $3`;
  const rows = await session.query(text, [job.seq, after.number, after.limit]);
  return rows.map((row) => translateDoubtful(row, job));
}

/** The input of a unit, as JSON text. Errors: STATE_CORRUPT when it is gone. */
export async function readUnitData(session: Session, jobSeq: number, number: number): Promise<string> {
  const text = 'SELECT data FROM unit_data WHERE job_seq = $1 AND number = $2';
  const [row] = await session.query(text, [jobSeq, number]);
  return checkData(row?.data, number);
}

function checkData(data: unknown, number: number): string {
  if (typeof data === 'string') return data;
  throw describeDataGone(number);
}

/** What the units of a job say. */
export async function readRecordedUnits(session: Session, job: JobRecord): Promise<RecordedUnits> {
  const [rows, attention, [done], [failing], journalSequence] = await Promise.all([
    session.query(
      'SELECT status, count(*) AS n, count(receipt) AS receipts FROM units WHERE job_seq = $1 GROUP BY status',
      [job.seq],
    ),
    session.query(`SELECT * FROM units WHERE job_seq = $1 AND ${OPEN} ORDER BY number LIMIT $2`, [
      job.seq,
      ATTENTION_LIMIT,
    ]),
    session.query(LAST_DONE, [job.seq]),
    session.query(LAST_FAILING, [job.seq]),
    readJournalSequence(session, job.seq),
  ]);
  const receipts = assembleCounts(rows.map(({ status, receipts: n }) => ({ status, n })));
  return {
    counts: assembleCounts(rows),
    inDoubtWithReceipt: receipts.in_doubt,
    doneWithReceipt: receipts.done,
    inReviewWithReceipt: receipts.needs_review,
    attention: attention.map((row) => translateUnit(row, job)),
    journalSequence,
    ...(done && { lastDone: translateUnit(done, job) }),
    ...(failing && { lastFailing: translateUnit(failing, job) }),
  };
}

/** The unit that was done last in time, of this generation. */
const LAST_DONE = `SELECT units.* FROM (SELECT job_seq, number FROM unit_events WHERE job_seq = $1
  AND (event = 'done' OR (event = 'settled' AND code = 'done')) ORDER BY sequence DESC LIMIT 1) AS newest
  JOIN units USING (job_seq, number) WHERE status = 'done'`;

/** The unit whose error is the newest among those not done. */
const LAST_FAILING = `SELECT * FROM units WHERE job_seq = $1 AND error_code IS NOT NULL
  AND status IN ('pending', 'in_doubt', 'failed', 'needs_review') ORDER BY event DESC LIMIT 1`;
