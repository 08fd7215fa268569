import type { DatabaseSync } from 'node:sqlite';
import { readOwnIdentity } from '../../src/platform/process-probe.ts';
import { openStore } from '../../src/store/sqlite/database.ts';

/** Rows of every job: some done, one in doubt, some to do. */
const ROWS_PER_JOB = 5;
/** No process has so high a number: the kernel ends at 4,194,304. */
const FIRST_PID = 5_000_000;

/**
 * Makes a state directory full of batches whose runners died at their third row; every tenth has failed instead, with
 * the error of its last row. All need attention: the longest list there can be for a number of jobs.
 *
 * Shapes: ids `b0000000001` and on, names `orders 1` and on.
 */
export function makeJobs(stateDirectory: string, jobCount: number): void {
  const database = openStore(stateDirectory);
  try {
    database.exec('PRAGMA synchronous=OFF; BEGIN');
    insertJobs(database, jobCount);
    insertRows(database, jobCount);
    insertHolders(database, jobCount);
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

const COUNT_JOBS = 'WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)';

function insertJobs(database: DatabaseSync, jobCount: number): void {
  const spec = JSON.stringify({ kind: 'batch', receipt: { field: 'tracking_number', label: 'tracking' } });
  database
    .prepare(
      `${COUNT_JOBS} INSERT INTO jobs (seq, id, name, kind, status, spec, run_count, created_at_ms, started_at_ms,
       active_at_ms) SELECT n, printf('b%010d', n), 'orders ' || n, 'batch', iif(n % 10, 'running', 'failed'), ?, 1,
       1700000000000 + n, 1700000000000 + n, 1700000001000 + (n * 7919) % 1000003 FROM n`,
    )
    .run(jobCount, spec);
}

function insertRows(database: DatabaseSync, jobCount: number): void {
  database
    .prepare(
      `${COUNT_JOBS} INSERT INTO units (job_seq, number, key, status, attempts, receipt, error_code, error_message,
       started_at_ms, event)
       SELECT n.n, r.value, 'A' || r.value, iif(r.value < 3, 'done', iif(r.value > 3, 'pending',
       iif(n.n % 10, 'in_doubt', 'failed'))), r.value <= 3, iif(r.value < 3, '1Z' || n.n || r.value, NULL),
       iif(r.value = 3 AND n.n % 10 = 0, 'E-3001', NULL),
       iif(r.value = 3 AND n.n % 10 = 0, 'UPS API timeout after 30 s', NULL), 1700000001000, r.value
       FROM n, json_each(?) AS r`,
    )
    .run(jobCount, JSON.stringify(Array.from({ length: ROWS_PER_JOB }, (_, at) => at + 1)));
}

function insertHolders(database: DatabaseSync, jobCount: number): void {
  const { host, bootId, pidNamespace } = readOwnIdentity();
  database
    .prepare(
      `${COUNT_JOBS} INSERT INTO leases SELECT n, 1, 'run', ?, ?, ?, ? + n, 1000 + n, printf('%032x', n), 'local:ops',
       1700000000000 + n, 1700000001000 + n, iif(n % 10, NULL, 1700000001000 + n) FROM n`,
    )
    .run(jobCount, host, bootId, pidNamespace, FIRST_PID);
}
