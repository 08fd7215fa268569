import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../measure/bench.ts';
import { PROGRAM } from '../measure/run-program.ts';
import { summarise } from '../measure/summarise.ts';
import { startOnTerminal } from '../measure/terminal-program.ts';
import { makeJobs } from '../state/make-jobs.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

const FRAME_END = '\u001b[?2026l';
const [DOWN, PAGE_DOWN, PAGE_UP] = ['\u001b[B', '\u001b[6~', '\u001b[5~'];
/** Most keys go one line on; the others leave the page that was read, so that another one has to be. */
const KEYS = [DOWN, DOWN, DOWN, DOWN, PAGE_DOWN, DOWN, DOWN, DOWN, PAGE_DOWN, DOWN, DOWN, PAGE_UP] as const;
/** A console just opened settles first. */
const SETTLE_MS = 300;

/** How long a key takes to be seen in a long list, and what is written while nothing changes. */
export const keys: Bench = {
  name: 'keys',
  async run({ manyJobs, keys: keyCount, quietMs }) {
    using many = makeTemporaryFolder();
    makeJobs(many.path, manyJobs);
    await using program = startOnTerminal([PROGRAM, many.path]);
    await program.waitFor('orders ');
    await program.waitFor(FRAME_END);
    await delay(SETTLE_MS);
    const quietFrom = program.byteCount();
    await delay(quietMs);
    const idleBytes = program.byteCount() - quietFrom;
    const times: number[] = [];
    for (let at = 0; at < keyCount; at += 1) {
      const typedMs = performance.now();
      program.type(KEYS[at % KEYS.length] ?? DOWN);
      times.push((await program.waitFor(FRAME_END)) - typedMs);
      // A key is never typed into the frame of the one before: an operator waits to see it.
      await delay(20);
    }
    const ours = summarise(times);
    return [
      { name: `key to frame, p50, ${manyJobs} jobs`, value: ours.median, unit: 'ms', ours },
      { name: `key to frame, p99, ${manyJobs} jobs`, value: ours.p99, unit: 'ms', goal: { atMost: 16 }, ours },
      { name: `bytes in ${quietMs} ms of nothing`, value: idleBytes, unit: 'bytes', goal: { atMost: 0 } },
    ];
  },
};
