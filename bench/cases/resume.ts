import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readFileSync, rmSync, watch } from 'node:fs';
import path from 'node:path';
import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
import { cleanEnvironment, PROGRAM } from '../measure/run-program.ts';
import { stateOf } from '../state/make-batch.ts';
import { makeInterruptedBatch } from '../state/make-interrupted-batch.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

/** Says when the first row came, in nanoseconds, and keeps it in hand. */
const WORKER = `sh -c 'read -r row && date +%s%N > "$FIRST_ROW.new" && mv "$FIRST_ROW.new" "$FIRST_ROW" && cat > /dev/null'`;

/** From the start of `--choice resume` to the first row in the worker's hands. */
export const resume: Bench = {
  name: 'resume',
  async run({ fewPairs, resumeRows, manyResumeRows }) {
    using few = makeTemporaryFolder();
    using many = makeTemporaryFolder();
    await makeInterruptedBatch(few.path, { rowCount: resumeRows, worker: WORKER });
    await makeInterruptedBatch(many.path, { rowCount: manyResumeRows, worker: WORKER });
    const pairs = await interleave(
      () => timeFirstRow(many.path),
      () => timeFirstRow(few.path),
      fewPairs,
    );
    return [
      compare(`first resumed row of ${manyResumeRows}`, pairs, {
        against: `of ${resumeRows} rows`,
        goal: { atMost: 1.5 },
        measuredIn: 'ms',
      }),
    ];
  },
};

/** Resumes a copy of the state and kills everything when the first row has come. Milliseconds. */
async function timeFirstRow(folder: string): Promise<number> {
  const copy = path.join(folder, 'copy');
  const firstRow = path.join(folder, 'first-row');
  rmSync(firstRow, { force: true });
  cpSync(stateOf(folder), copy, { recursive: true });
  const { promise: seen, resolve, reject } = Promise.withResolvers<void>();
  const watcher = watch(folder, (_event, name) => name === 'first-row' && resolve());
  const startedMs = Date.now();
  const child = spawn(process.execPath, [PROGRAM, '--choice', 'resume', '--state', copy], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...cleanEnvironment(), FIRST_ROW: firstRow },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.once('exit', (code) => reject(new Error(`resume ended with ${code}: ${said}`)));
  try {
    await seen;
    return Number(readFileSync(firstRow, 'utf8')) / 1e6 - startedMs;
  } finally {
    watcher.close();
    await killGroup(child);
    rmSync(copy, { recursive: true });
  }
}

async function killGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
