/** Pages of jobs in the order of urgency: the most recently active first. Nothing here reads more than it returns. */
import type { DatabaseSync } from 'node:sqlite';
import type { LeaseHolder } from '../core/evidence/schema.ts';
import { type JobError, type JobKind, RECEIPT_COUNT_LIMIT, type UnitCounts } from '../core/job/schema.ts';
import { translateKind } from './jobs.ts';
import { translateHolder } from './leases.ts';
import { assembleCounts } from './units.ts';

/** What a list shows of a job, as recorded. */
export type ListedJob = {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly kind: JobKind;
  readonly status: string;
  readonly activeAtMs: number;
  /** Whether the last runner let its lease go; absent when there never was one. */
  readonly released?: boolean;
  readonly counts: UnitCounts;
  readonly lastError?: JobError;
  /** Only when asked for: how many receipts, up to `RECEIPT_COUNT_LIMIT`, and the specification that names them. */
  readonly receipts?: { readonly count: number; readonly spec: string };
};

/** Which jobs to page through. `excluded` are those found alive when only attention is asked for. */
export type ListFilter = {
  readonly attention: boolean;
  readonly excludedSeqs: readonly number[];
  readonly text?: string;
  readonly kind?: string;
  /** Whether to count receipts, a read for each job of the page. */
  readonly withReceipts?: boolean;
};

/**
 * Jobs whose holder may live: the only ones worth probing. `pids` are those that exist now.
 *
 * Each part has an index of its own, and no lease is in two of them: the process exists; pids cannot be compared (another pid namespace,
 * or a system that does not list them); another host with a fresh heartbeat.
 */
export function readPossiblyAlive(
  database: DatabaseSync,
  here: { readonly host: string; readonly bootId: string; readonly pidNamespace: string },
  now: { readonly pids: readonly number[] | undefined; readonly heartbeatSinceMs: number },
): readonly { readonly jobSeq: number; readonly jobId: string; readonly holder: LeaseHolder }[] {
  const held = "SELECT job_seq, epoch FROM leases WHERE released_at_ms IS NULL AND purpose = 'run'";
  return database
    .prepare(
      `SELECT leases.*, jobs.id AS job_id FROM (
         ${held} AND host = ?1 AND boot_id = ?2 AND pid_namespace = ?3 AND pid IN (SELECT value FROM json_each(?4))
         UNION ALL ${held} AND host = ?1 AND boot_id = ?2 AND pid_namespace < ?3
         UNION ALL ${held} AND host = ?1 AND boot_id = ?2 AND pid_namespace > ?3
         UNION ALL ${held} AND host = ?1 AND boot_id = ?2 AND ?4 IS NULL
         UNION ALL ${held} AND host != ?1 AND heartbeat_at_ms >= ?5
       ) CROSS JOIN leases USING (job_seq, epoch) CROSS JOIN jobs ON jobs.seq = job_seq
       WHERE epoch = (SELECT max(epoch) FROM leases AS later WHERE later.job_seq = leases.job_seq)`,
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
  const total = countJobs(database, filter);
  const rows = database.prepare(buildPageQuery(where)).all(...values, page.limit, page.offset);
  const counts = readCounts(
    database,
    rows.map((row) => Number(row.seq)),
  );
  const readReceipts = filter.withReceipts ? makeReceiptReader(database) : undefined;
  return {
    total,
    jobs: rows.map((row) => {
      const seq = Number(row.seq);
      return {
        seq,
        id: String(row.id),
        name: String(row.name),
        kind: translateKind(row.kind),
        status: String(row.status),
        activeAtMs: Number(row.active_at_ms),
        ...(row.released !== null && { released: row.released === 1 }),
        counts: counts.get(seq) ?? NO_UNITS,
        ...(row.code !== null && { lastError: { code: String(row.code), message: String(row.message ?? '') } }),
        ...(readReceipts && { receipts: readReceipts(seq) }),
      };
    }),
  };
}

/**
 * The page is found in the index of the order before anything else of its jobs is read. The error shown is the newest
 * of the units not done, else that of the job.
 */
function buildPageQuery(where: string): string {
  return `
    WITH page AS MATERIALIZED (
      SELECT seq, active_at_ms FROM jobs WHERE ${where} ORDER BY active_at_ms DESC, seq DESC LIMIT ? OFFSET ?)
    SELECT jobs.seq, jobs.id, jobs.name, jobs.kind, jobs.status, jobs.active_at_ms,
      (SELECT released_at_ms IS NOT NULL FROM leases WHERE job_seq = jobs.seq AND purpose = 'run'
       ORDER BY epoch DESC LIMIT 1) AS released,
      iif(bad.number IS NULL, jobs.error_code, bad.error_code) AS code,
      iif(bad.number IS NULL, jobs.error_message, bad.error_message) AS message
    FROM page JOIN jobs USING (seq) LEFT JOIN units AS bad ON bad.job_seq = jobs.seq AND bad.number = (
      SELECT number FROM units INDEXED BY units_with_error WHERE job_seq = jobs.seq AND error_code IS NOT NULL
      AND status IN ('pending', 'in_doubt', 'failed', 'needs_review') ORDER BY event DESC LIMIT 1)
    ORDER BY page.active_at_ms DESC, page.seq DESC`;
}

const OPEN_STATUSES = "status IN ('pending', 'running', 'stopped', 'failed')";
const ENDED_WITH_OPEN_UNITS = `status = 'completed'
  AND seq IN (SELECT job_seq FROM units INDEXED BY units_open WHERE status IN ('in_doubt', 'needs_review'))`;

/** Counts the jobs of a filter; each kind of attention on its own, since each has an index. */
function countJobs(database: DatabaseSync, filter: ListFilter): number {
  const { clauses, values } = buildClauses(filter);
  const count = (clause: string): number => {
    const where = [clause, ...clauses].join(' AND ');
    return Number(database.prepare(`SELECT count(*) AS n FROM jobs WHERE ${where}`).get(...values)?.n);
  };
  return filter.attention ? count(OPEN_STATUSES) + count(ENDED_WITH_OPEN_UNITS) : count("status != 'importing'");
}

function buildWhere(filter: ListFilter): { readonly where: string; readonly values: readonly (string | number)[] } {
  const { clauses, values } = buildClauses(filter);
  // The plus keeps the index of statuses from being chosen: with that of the order, reading ends where the page does.
  const first = filter.attention ? `(+${OPEN_STATUSES} OR (+${ENDED_WITH_OPEN_UNITS}))` : "+status != 'importing'";
  return { where: [first, ...clauses].join(' AND '), values };
}

/** What a filter asks for besides attention. */
function buildClauses(filter: ListFilter): {
  readonly clauses: readonly string[];
  readonly values: readonly (string | number)[];
} {
  const clauses: string[] = [];
  const values: (string | number)[] = [];
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
  return { clauses, values };
}

const NO_UNITS = assembleCounts([]);

function readCounts(database: DatabaseSync, seqs: readonly number[]): ReadonlyMap<number, UnitCounts> {
  const rows = database
    .prepare(
      `SELECT job_seq, status, count(*) AS n FROM units INDEXED BY units_by_status
       WHERE job_seq IN (SELECT value FROM json_each(?)) GROUP BY job_seq, status`,
    )
    .all(JSON.stringify(seqs));
  const grouped = Map.groupBy(rows, (row) => Number(row.job_seq));
  return new Map([...grouped].map(([seq, own]) => [seq, assembleCounts(own)]));
}

function makeReceiptReader(database: DatabaseSync): (jobSeq: number) => NonNullable<ListedJob['receipts']> {
  const statement = database.prepare(
    `SELECT spec, (SELECT count(*) FROM (SELECT 1 FROM units WHERE job_seq = jobs.seq AND receipt IS NOT NULL LIMIT ?))
     AS count FROM jobs WHERE seq = ?`,
  );
  return (jobSeq) => {
    const row = statement.get(RECEIPT_COUNT_LIMIT, jobSeq);
    return { count: Number(row?.count), spec: String(row?.spec) };
  };
}
