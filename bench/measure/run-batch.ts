import type { StartedJob } from '../../src/runner/start-job.ts';

/** Runs a whole batch, the worker's start and the job's end included. Answers rows per second. Errors: when a row is not done. */
export async function runBatch(job: StartedJob, rowCount: number): Promise<number> {
  const never = new AbortController().signal;
  const startedMs = performance.now();
  const { end, progress } = await job.run({ stop: never, kill: never, onEvent: () => {} });
  const durationMs = performance.now() - startedMs;
  if (end !== 'completed' || progress.done !== rowCount) throw new Error(`${progress.done} rows done, ended as ${end}`);
  return (rowCount / durationMs) * 1_000;
}
