import { readOwnIdentity } from '../../src/platform/process-probe.ts';
import { readJobFile } from '../../src/runner/job-file/read-job-file.ts';
import { makeJobId } from '../../src/store/job-id.ts';
import { openJobStore } from '../../src/store/open-store.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { insertLease } from '../../src/store/sqlite/leases.ts';
import { type BatchOptions, stateOf, writeBatch } from './make-batch.ts';

/** No process has so high a number: the kernel ends at 4,194,304. */
const DEAD_PID = 5_000_000;

/**
 * Makes a batch whose runner died half way: half of its rows are done, one is in doubt, the rest is to do.
 *
 * Returns the job's id.
 */
export async function makeInterruptedBatch(folder: string, options: BatchOptions): Promise<string> {
  const file = writeBatch(folder, options);
  const stateDirectory = stateOf(folder);
  const { kind, work } = await readJobFile(file);
  const store = openJobStore(stateDirectory, { nowMs: Date.now });
  const rows = await work.openUnits();
  const { name, spec, rowsPath } = work;
  const asked = { id: makeJobId(), name, kind, spec, ...(rowsPath !== undefined && { rowsPath }), atMs: Date.now() };
  const job = await store.create(asked, rows).finally(rows.close);
  await store.close();
  const database = openStore(stateDirectory);
  try {
    database.exec('PRAGMA synchronous=OFF');
    const half = Math.floor(options.rowCount / 2);
    const identity = { ...readOwnIdentity(), pid: DEAD_PID };
    database.exec('BEGIN');
    insertLease(database, {
      jobSeq: job.seq,
      epoch: 1,
      purpose: 'run',
      identity,
      runToken: 'f'.repeat(32),
      principal: 'local:bench',
      atMs: Date.now(),
    });
    database.exec(`
      UPDATE units SET status = 'done', attempts = 1, receipt = 'R' || number, event = number * 2 WHERE number <= ${half};
      UPDATE units SET status = 'in_doubt', attempts = 1, event = ${half * 2 + 1} WHERE number = ${half + 1};
      INSERT INTO unit_events SELECT job_seq, number * 2 - 1, number, 1, 'intent', 1, 0, NULL, NULL FROM units
        WHERE number <= ${half + 1};
      INSERT INTO unit_events SELECT job_seq, number * 2, number, 0, 'done', 1, 0, NULL, receipt FROM units
        WHERE number <= ${half};
      UPDATE jobs SET status = 'running', run_count = 1`);
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
    return job.id;
  } finally {
    database.close();
  }
}
