import type { Bench } from '../measure/bench.ts';
import { buildBareInk } from '../measure/build-bare-ink.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
import { PROGRAM } from '../measure/run-program.ts';
import { startOnTerminal } from '../measure/terminal-program.ts';
import { makeJobs } from '../state/make-jobs.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

/** Ends what a terminal shows at once: everything of a frame is there. */
const FRAME_END = '\u001b[?2026l';

/** From the start of the process to the first complete frame on a terminal. */
export const console: Bench = {
  name: 'console',
  async run({ pairs, jobs, manyJobs }) {
    using few = makeTemporaryFolder();
    using many = makeTemporaryFolder();
    using programs = makeTemporaryFolder();
    makeJobs(few.path, jobs);
    makeJobs(many.path, manyJobs);
    const bareInk = await buildBareInk(programs.path);
    const openFew = () => timeFirstFrame([PROGRAM, few.path], 'orders ');
    const openMany = () => timeFirstFrame([PROGRAM, many.path], 'orders ');
    const openBare = () => timeFirstFrame([bareInk], 'ready');
    return [
      compare(`first frame, ${jobs} jobs`, await interleave(openFew, openBare, pairs), {
        against: 'a bare Ink program',
        goal: { atMost: 1.3 },
        measuredIn: 'ms',
      }),
      compare(`first frame, ${manyJobs} jobs`, await interleave(openMany, openFew, pairs), {
        against: `${jobs} jobs`,
        goal: { atMost: 1.3 },
        measuredIn: 'ms',
      }),
    ];
  },
};

async function timeFirstFrame(args: readonly string[], shown: string): Promise<number> {
  const startedMs = performance.now();
  await using program = startOnTerminal(args);
  await program.waitFor(shown);
  return (await program.waitFor(FRAME_END)) - startedMs;
}
