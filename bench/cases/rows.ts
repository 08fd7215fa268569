import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
import { runBatch } from '../measure/run-batch.ts';
import { startBatch } from '../state/make-batch.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

const WORKER = `${process.execPath} ${path.join(import.meta.dirname, '../programs/worker.mjs')}`;
const MANY = 256;
/** Many at a time are so much faster that more rows are needed to see it. */
const MORE_ROWS = 10;

/** Durable rows per second through the worker protocol. */
export const rows: Bench = {
  name: 'rows',
  async run({ fewPairs, durableRows }) {
    const oneByOne = () => runRows(durableRows, 1);
    const bare = () => runBareLoop(durableRows);
    const many = () => runRows(durableRows * MORE_ROWS, MANY);
    return [
      compare('rows/s, worker, one at a time', await interleave(oneByOne, bare, fewPairs), {
        against: 'a bare loop: one round trip, one commit',
        goal: { atLeast: 0.8 },
        measuredIn: 'rows/s',
      }),
      compare(`rows/s, worker, ${MANY} at a time`, await interleave(many, oneByOne, fewPairs), {
        against: 'one at a time',
        goal: { atLeast: 10 },
        measuredIn: 'rows/s',
      }),
    ];
  },
};

/** Runs a whole batch, the worker's start and the job's end included. Answers rows per second. */
async function runRows(rowCount: number, concurrency: number): Promise<number> {
  using folder = makeTemporaryFolder();
  const job = await startBatch(folder.path, { rowCount, worker: WORKER, concurrency });
  return await runBatch(job, rowCount);
}

/**
 * What every program of this kind has to do for a row: one round trip to a worker, and one commit, with the outcome of the
 * row and the intent of the next as two records of a log.
 */
async function runBareLoop(rowCount: number): Promise<number> {
  using folder = makeTemporaryFolder();
  using database = new DatabaseSync(path.join(folder.path, 'bare.db'));
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE log (sequence INTEGER PRIMARY KEY, number INTEGER, event TEXT, at_ms INTEGER, detail TEXT)`);
  const insert = database.prepare('INSERT INTO log VALUES (NULL, ?, ?, ?, ?)');
  const commit = (number: number, receipt: string) => {
    database.exec('BEGIN IMMEDIATE');
    insert.run(number, 'done', Date.now(), receipt);
    insert.run(number + 1, 'intent', Date.now(), null);
    database.exec('COMMIT');
  };
  const startedMs = performance.now();
  const worker = spawn(WORKER, { shell: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
  for (let number = 1; number <= rowCount; number += 1) {
    worker.stdin.write(`${JSON.stringify({ id: number, row: { order_id: `A${number}`, city: 'Sacramento' } })}\n`);
    const { value } = await answers.next();
    commit(number, String(JSON.parse(String(value)).receipt));
  }
  worker.stdin.end();
  await once(worker, 'exit');
  return (rowCount / (performance.now() - startedMs)) * 1_000;
}
