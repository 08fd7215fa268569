import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Bench } from '../measure/bench.ts';
import { cleanEnvironment, PROGRAM } from '../measure/run-program.ts';
import { stateOf, writeBatch } from '../state/make-batch.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

/** The length of a row without its padding, about, and with it. */
const [ROW_BYTES, PADDING_BYTES] = [24, 1_000];
const LOOK_EVERY_MS = 20;

/** How much memory a run takes whose rows file is large, up to the first row that runs. */
export const memory: Bench = {
  name: 'memory',
  async run({ rowsFileBytes }) {
    using folder = makeTemporaryFolder();
    const rowCount = Math.ceil(rowsFileBytes / (ROW_BYTES + PADDING_BYTES));
    // A worker that leaves at once halts the job at its first row: by then all rows have been read and recorded.
    const file = writeBatch(folder.path, { rowCount, worker: 'false', paddingBytes: PADDING_BYTES });
    const peakBytes = await readPeak(['run', file, '--state', stateOf(folder.path)]);
    const name = `peak memory, ${Math.round(rowsFileBytes / 2 ** 20)} MB of rows`;
    return [{ name, value: peakBytes / 2 ** 20, unit: 'MB', goal: { atMost: 200 } }];
  },
};

/** Runs Salvor to its end and answers the most memory it ever held, as the kernel counts it (VmHWM). */
async function readPeak(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'ignore', env: cleanEnvironment() });
  let peakBytes = 0;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakBytes = Math.max(peakBytes, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  clearInterval(timer);
  return peakBytes;
}
