import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { lookAtJob } from '../../src/cli/look-at-job.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type StartedJob, startJob } from '../../src/runner/start-job.ts';
import { openJobStore } from '../../src/store/open-store.ts';

/** A batch in a folder of its own: `rows.csv`, `job.json` and the state directory. */
export type BatchOptions = {
  readonly rowCount: number;
  /** The worker's command line. */
  readonly worker: string;
  readonly concurrency?: number;
  /** Bytes added to every row. */
  readonly paddingBytes?: number;
};

/** Where the state directory of a folder made by `writeBatch` is. */
export function stateOf(folder: string): string {
  return path.join(folder, 'state');
}

/** Writes the rows and the job file. Returns the path of the job file. */
export function writeBatch(folder: string, options: BatchOptions): string {
  const { rowCount, worker, concurrency = 1, paddingBytes = 0 } = options;
  writeRows(path.join(folder, 'rows.csv'), rowCount, 'x'.repeat(paddingBytes));
  const file = path.join(folder, 'job.json');
  const receipt = { field: 'tracking_number', label: 'tracking' };
  const job = { kind: 'batch', name: 'orders', rows: 'rows.csv', key: 'order_id', worker, receipt, concurrency };
  writeFileSync(file, JSON.stringify(job));
  return file;
}

/** Records a batch and takes its lease, in this process. */
export async function startBatch(folder: string, options: BatchOptions): Promise<StartedJob> {
  const file = writeBatch(folder, options);
  return startFile(stateOf(folder), file);
}

/** Records a job file in a place and takes its lease, in this process. */
export function startFile(place: string, file: string): Promise<StartedJob> {
  const store = openJobStore(place, systemClock);
  return startJob({ store, lookAt: lookAtJob, file, params: {}, principal: 'local:bench', again: true });
}

const ROWS_PER_WRITE = 10_000;

function writeRows(file: string, rowCount: number, padding: string): void {
  const descriptor = openSync(file, 'w');
  try {
    writeSync(descriptor, 'order_id,city,weight_kg,note\n');
    for (let first = 1; first <= rowCount; first += ROWS_PER_WRITE) {
      const count = Math.min(ROWS_PER_WRITE, rowCount - first + 1);
      const lines = Array.from(
        { length: count },
        (_, at) => `A${first + at},Sacramento,${(first + at) % 40},${padding}\n`,
      );
      writeSync(descriptor, lines.join(''));
    }
  } finally {
    closeSync(descriptor);
  }
}
