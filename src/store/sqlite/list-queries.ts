/** What a list shows of jobs that were found; their order is in `list-order`. */
import type { DatabaseSync } from 'node:sqlite';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { RECEIPT_COUNT_LIMIT, type UnitCounts } from '../../core/job/schema.ts';
import type { ListedJob, ListFilter } from '../list-contract.ts';
import type { KnownContents } from '../rows-contents.ts';
import { assembleCounts, translateHolder, translateListed } from '../translate-rows.ts';
import { readRowsFiles } from './jobs.ts';
import { buildClauses } from './list-order.ts';

/** What the tables say of a listed job; whether its chain and its marks are whole is found elsewhere. */
export type RecordedJob = Omit<ListedJob, 'isAuditBroken' | 'isRegressed'>;

/**
 * Jobs whose holder may live: the only ones worth probing. `pids` are those that exist now.
 *
 * Each part has an index of its own, and no lease is in two of them: the process exists; pids cannot be compared (another pid namespace,
 * or a system that does not list them); another host or boot with a fresh heartbeat.
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
         UNION ALL ${held} AND (host, boot_id) != (?1, ?2) AND heartbeat_at_ms >= ?5
       ) CROSS JOIN leases USING (job_seq, epoch) CROSS JOIN jobs ON jobs.seq = job_seq
       WHERE epoch = (SELECT max(epoch) FROM leases AS later WHERE later.job_seq = leases.job_seq AND purpose = 'run')`,
    )
    .all(here.host, here.bootId, here.pidNamespace, now.pids ? JSON.stringify(now.pids) : null, now.heartbeatSinceMs)
    .map((row) => ({
      jobSeq: Number(row.job_seq),
      jobId: String(row.job_id),
      holder: translateHolder(row, Number(row.epoch)),
    }));
}

/**
 * Reads jobs in the order they are named; one that is not there is left out. Nothing else is read. The error shown is
 * the newest of the units not done, else that of the job.
 */
export function readListedJobs(
  database: DatabaseSync,
  seqs: readonly number[],
  { withReceipts, contents }: { readonly withReceipts?: boolean; readonly contents?: KnownContents } = {},
): readonly RecordedJob[] {
  if (seqs.length === 0) return [];
  const named = JSON.stringify(seqs);
  const counts = readCounts(database, named);
  const rowsFiles = readRowsFiles(database, seqs, contents);
  return database
    .prepare(READ_JOBS)
    .all(named, withReceipts === true ? RECEIPT_COUNT_LIMIT : 0)
    .map((row) => {
      const seq = Number(row.seq);
      return {
        ...translateListed(row),
        counts: counts.get(seq) ?? NO_UNITS,
        rowsFiles: rowsFiles.get(seq) ?? [],
        ...(row.released !== null && { released: row.released === 1 }),
        ...(row.code !== null && { lastError: { code: String(row.code), message: String(row.message ?? '') } }),
        ...(withReceipts && { receiptCount: Number(row.receipts) }),
      };
    });
}

const READ_JOBS = `
  SELECT jobs.*,
    (SELECT released_at_ms IS NOT NULL FROM leases WHERE job_seq = jobs.seq AND purpose = 'run'
     ORDER BY epoch DESC LIMIT 1) AS released,
    iif(bad.number IS NULL, jobs.error_code, bad.error_code) AS code,
    iif(bad.number IS NULL, jobs.error_message, bad.error_message) AS message,
    (SELECT count(*) FROM (SELECT 1 FROM units WHERE job_seq = jobs.seq AND receipt IS NOT NULL LIMIT ?2)) AS receipts
  FROM json_each(?1) AS page CROSS JOIN jobs ON jobs.seq = page.value
  LEFT JOIN units AS bad ON bad.job_seq = jobs.seq AND bad.number = (
    SELECT number FROM units INDEXED BY units_with_error WHERE job_seq = jobs.seq AND error_code IS NOT NULL
    AND status IN ('pending', 'in_doubt', 'failed', 'needs_review') ORDER BY event DESC LIMIT 1)
  ORDER BY page.key`;

/** Of the jobs named, those that a list's text and kind match, in the same order. */
export function filterJobs(
  database: DatabaseSync,
  seqs: readonly number[],
  filter: Pick<ListFilter, 'text' | 'kind'>,
): readonly number[] {
  if (seqs.length === 0) return [];
  const { clauses, values } = buildClauses({ ...filter, excludedSeqs: [] });
  const where = ["jobs.status != 'importing'", ...clauses].join(' AND ');
  return database
    .prepare(
      `SELECT jobs.seq FROM json_each(?) AS named CROSS JOIN jobs ON jobs.seq = named.value WHERE ${where}
       ORDER BY named.key`,
    )
    .all(JSON.stringify(seqs), ...values)
    .map((row) => Number(row.seq));
}

const NO_UNITS = assembleCounts([]);

function readCounts(database: DatabaseSync, seqs: string): ReadonlyMap<number, UnitCounts> {
  const rows = database
    .prepare(
      `SELECT job_seq, status, count(*) AS n FROM units INDEXED BY units_by_status
       WHERE job_seq IN (SELECT value FROM json_each(?)) GROUP BY job_seq, status`,
    )
    .all(seqs);
  const grouped = Map.groupBy(rows, (row) => Number(row.job_seq));
  return new Map([...grouped].map(([seq, own]) => [seq, assembleCounts(own)]));
}
