// Rows as jobs of graphile-worker, so many at once. Usage: graphile-worker.mjs PACKAGES URL ROWS AT_ONCE
// Prints rows per second. The task does nothing; the jobs are there before, and the clock runs until the last is done.
import { createRequire } from 'node:module';
import path from 'node:path';

const [packages = '', connectionString, rows, atOnce] = process.argv.slice(2);
const { Logger, makeWorkerUtils, run } = createRequire(path.join(packages, 'package.json'))('graphile-worker');
const logger = new Logger(() => () => {});
const many = Number(atOnce) > 1;
const preset = {
  worker: {
    connectionString,
    concurrentJobs: Number(atOnce),
    maxPoolSize: Math.min(32, Number(atOnce) + 2),
    logger,
    // What its manual advises for many short jobs: fetched and completed in batches.
    ...(many && { localQueue: { size: 2 * Number(atOnce) }, completeJobBatchDelay: 0 }),
  },
};
const utils = await makeWorkerUtils({ preset });
await utils.migrate();
const jobs = Array.from({ length: Number(rows) }, (_, at) => ({ identifier: 'row', payload: { number: at + 1 } }));
for (let first = 0; first < jobs.length; first += 1_000) await utils.addJobs(jobs.slice(first, first + 1_000));
const { promise: allDone, resolve } = Promise.withResolvers();
let [done, completed] = [0, 0];
const startedMs = performance.now();
const runner = await run({
  preset,
  taskList: {
    row: async () => {
      done += 1;
    },
  },
});
runner.events.on('job:complete', () => {
  completed += 1;
  if (completed === jobs.length) resolve();
});
await allDone;
if (done !== jobs.length) throw new Error(`${done} of ${jobs.length} ran`);
console.log((jobs.length / (performance.now() - startedMs)) * 1000);
await runner.stop();
await utils.release();
