import path from 'node:path';
import { openStore } from '../../src/store/sqlite/database.ts';
import { insertUnits } from '../../src/store/sqlite/import.ts';
import { insertJob } from '../../src/store/sqlite/jobs.ts';
import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
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
    const bare = () => commitRows(durableRows);
    const many = () => runRows(durableRows * MORE_ROWS, MANY);
    return [
      compare('rows/s, worker, one at a time', await interleave(oneByOne, bare, fewPairs), {
        against: 'bare node:sqlite, same commits',
        goal: { atLeast: 0.7 },
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
  const never = new AbortController().signal;
  const startedMs = performance.now();
  const { end, progress } = await job.run({ stop: never, kill: never, onEvent: () => {} });
  const durationMs = performance.now() - startedMs;
  if (end !== 'completed' || progress.done !== rowCount) throw new Error(`${progress.done} rows done, ended as ${end}`);
  return (rowCount / durationMs) * 1_000;
}

/** What has to be on disk of each row, and nothing else: its outcome with the next row's intent, in one transaction. */
function commitRows(rowCount: number): number {
  using folder = makeTemporaryFolder();
  const database = openStore(folder.path);
  try {
    const seq = insertJob(database, { id: 'b1', name: 'b', kind: 'batch', spec: '{}', rowsPath: '', atMs: 0 });
    const units = Array.from({ length: rowCount + 1 }, (_, at) => ({
      number: at + 1,
      key: `A${at + 1}`,
      dataJson: '{}',
    }));
    database.exec('BEGIN');
    insertUnits(database, seq, units);
    database.exec('COMMIT');
    const intent = database.prepare(
      "UPDATE units SET status = 'in_doubt', attempts = 1, started_at_ms = ?, event = ? WHERE job_seq = ? AND number = ?",
    );
    const done = database.prepare(
      "UPDATE units SET status = 'done', receipt = ?, finished_at_ms = ?, event = ? WHERE job_seq = ? AND number = ?",
    );
    const event = database.prepare('INSERT INTO unit_events VALUES (?, ?, ?, 1, ?, 1, ?, NULL, ?)');
    const startedMs = performance.now();
    for (let number = 1; number <= rowCount; number += 1) {
      const atMs = Date.now();
      database.exec('BEGIN IMMEDIATE');
      done.run(`R${number}`, atMs, number * 2, seq, number);
      event.run(seq, number * 2, number, 'done', atMs, `R${number}`);
      intent.run(atMs, number * 2 + 1, seq, number + 1);
      event.run(seq, number * 2 + 1, number + 1, 'intent', atMs, null);
      database.exec('COMMIT');
    }
    return (rowCount / (performance.now() - startedMs)) * 1_000;
  } finally {
    database.close();
  }
}
