/** Pages of jobs in the order of urgency: the most recently active first. Nothing here reads more than it returns. */
import type { DatabaseSync } from 'node:sqlite';
import type { LeaseHolder } from '../core/evidence/schema.ts';
import { type JobError, RECEIPT_COUNT_LIMIT, type UnitCounts } from '../core/job/schema.ts';
import { type JobRecord, translateJob } from './jobs.ts';
import { translateHolder } from './leases.ts';
import { assembleCounts } from './units.ts';

/** What a list shows of a job, as recorded. */
export type ListedJob = {
  readonly record: JobRecord;
  readonly holder?: LeaseHolder;
  readonly counts: UnitCounts;
  readonly lastError?: JobError;
  /** Counted up to `RECEIPT_COUNT_LIMIT`, and for small pages only. */
  readonly receiptCount?: number;
};

/** Receipts are counted for pages a person looks at, not for whole lists. */
const COUNT_RECEIPTS_UP_TO = 100;

/** Which jobs to page through. `excluded` are those found alive when only attention is asked for. */
export type ListFilter = {
  readonly attention: boolean;
  readonly excludedSeqs: readonly number[];
  readonly text?: string;
  readonly kind?: string;
};

/** Jobs whose holder may live: the only ones worth probing. `pids` are those that exist now. */
export function readPossiblyAlive(
  database: DatabaseSync,
  here: { readonly host: string; readonly bootId: string; readonly pidNamespace: string },
  now: { readonly pids: readonly number[] | undefined; readonly heartbeatSinceMs: number },
): readonly { readonly jobSeq: number; readonly jobId: string; readonly holder: LeaseHolder }[] {
  return database
    .prepare(
      `SELECT leases.*, jobs.id AS job_id FROM leases JOIN jobs ON jobs.seq = leases.job_seq
       WHERE released_at_ms IS NULL AND purpose = 'run' AND (
         (host = ?1 AND boot_id = ?2 AND (pid_namespace != ?3 OR ?4 IS NULL OR pid IN (SELECT value FROM json_each(?4))))
         OR (host != ?1 AND heartbeat_at_ms >= ?5))
       AND epoch = (SELECT max(epoch) FROM leases AS later WHERE later.job_seq = leases.job_seq)`,
    )
    .all(here.host, here.bootId, here.pidNamespace, now.pids ? JSON.stringify(now.pids) : null, now.heartbeatSinceMs)
    .map((row) => ({
      jobSeq: Number(row.job_seq),
      jobId: String(row.job_id),
      holder: translateHolder(row, Number(row.epoch)),
    }));
}

/** One page of jobs, and how many match in all. */
export function readJobPage(
  database: DatabaseSync,
  filter: ListFilter,
  page: { readonly offset: number; readonly limit: number },
): { readonly jobs: readonly ListedJob[]; readonly total: number } {
  const { where, values } = buildWhere(filter);
  const total = Number(database.prepare(`SELECT count(*) AS n FROM jobs WHERE ${where}`).get(...values)?.n);
  const records = database
    .prepare(`SELECT * FROM jobs WHERE ${where} ORDER BY active_at_ms DESC, seq DESC LIMIT ? OFFSET ?`)
    .all(...values, page.limit, page.offset)
    .map(translateJob);
  const counts = readCounts(database, records);
  const holders = readHolders(database, records);
  const readError = makeErrorReader(database);
  const countReceipts = page.limit <= COUNT_RECEIPTS_UP_TO ? makeReceiptCounter(database) : undefined;
  return {
    total,
    jobs: records.map((record) => {
      const holder = holders.get(record.seq);
      const lastError = readError(record.seq) ?? record.error;
      return {
        record,
        counts: counts.get(record.seq) ?? assembleCounts([]),
        ...(holder && { holder }),
        ...(lastError && { lastError }),
        ...(countReceipts && { receiptCount: countReceipts(record.seq) }),
      };
    }),
  };
}

function buildWhere(filter: ListFilter): { readonly where: string; readonly values: readonly (string | number)[] } {
  const clauses = ["status != 'importing'"];
  const values: (string | number)[] = [];
  if (filter.attention) {
    clauses.push(
      `(status IN ('pending', 'running', 'stopped', 'failed') OR (status = 'completed'
        AND seq IN (SELECT job_seq FROM units INDEXED BY units_open WHERE status IN ('in_doubt', 'needs_review'))))`,
    );
  }
  if (filter.excludedSeqs.length > 0) {
    clauses.push('seq NOT IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(filter.excludedSeqs));
  }
  if (filter.kind !== undefined) {
    clauses.push('kind = ?');
    values.push(filter.kind);
  }
  if (filter.text !== undefined && filter.text !== '') {
    clauses.push('(instr(lower(name), lower(?)) > 0 OR substr(id, 1, ?) = ?)');
    values.push(filter.text, filter.text.length, filter.text);
  }
  return { where: clauses.join(' AND '), values };
}

function readCounts(database: DatabaseSync, records: readonly JobRecord[]): ReadonlyMap<number, UnitCounts> {
  const rows = database
    .prepare(
      `SELECT job_seq, status, count(*) AS n FROM units INDEXED BY units_by_status
       WHERE job_seq IN (SELECT value FROM json_each(?)) GROUP BY job_seq, status`,
    )
    .all(JSON.stringify(records.map((record) => record.seq)));
  const grouped = Map.groupBy(rows, (row) => Number(row.job_seq));
  return new Map([...grouped].map(([seq, own]) => [seq, assembleCounts(own)]));
}

function readHolders(database: DatabaseSync, records: readonly JobRecord[]): ReadonlyMap<number, LeaseHolder> {
  const rows = database
    .prepare(
      `SELECT *, max(epoch) OVER (PARTITION BY job_seq) AS current FROM leases
       WHERE job_seq IN (SELECT value FROM json_each(?)) ORDER BY job_seq, epoch`,
    )
    .all(JSON.stringify(records.map((record) => record.seq)));
  // Later epochs come later and win; what only cancelled is not a runner.
  return new Map(
    rows
      .filter((row) => row.purpose === 'run')
      .map((row) => [Number(row.job_seq), translateHolder(row, Number(row.current))]),
  );
}

function makeReceiptCounter(database: DatabaseSync): (jobSeq: number) => number {
  const statement = database.prepare(
    'SELECT count(*) AS n FROM (SELECT 1 FROM units WHERE job_seq = ? AND receipt IS NOT NULL LIMIT ?)',
  );
  return (jobSeq) => Number(statement.get(jobSeq, RECEIPT_COUNT_LIMIT)?.n);
}

function makeErrorReader(database: DatabaseSync): (jobSeq: number) => JobError | undefined {
  const statement = database.prepare(
    `SELECT error_code, error_message FROM units INDEXED BY units_with_error WHERE job_seq = ?
     AND error_code IS NOT NULL AND status IN ('pending', 'in_doubt', 'failed', 'needs_review')
     ORDER BY event DESC LIMIT 1`,
  );
  return (jobSeq) => {
    const row = statement.get(jobSeq);
    return row && { code: String(row.error_code), message: String(row.error_message ?? '') };
  };
}
