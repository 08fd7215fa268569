import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
import { timeNode, timeSalvor } from '../measure/run-program.ts';
import { alterRow } from '../state/alter-row.ts';
import { makeJobs } from '../state/make-jobs.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

const GOAL = { against: 'node -e 0', goal: { atMost: 2 }, measuredIn: 'ms' } as const;

/** What scripts ask for: one job cancelled, all jobs listed. */
export const scripts: Bench = {
  name: 'scripts',
  async run({ pairs, jobs }) {
    using one = makeTemporaryFolder();
    using many = makeTemporaryFolder();
    makeJobs(one.path, 1);
    makeJobs(many.path, jobs);
    const nothing = () => timeNode(['-e', '0']);
    const cancel = () => {
      alterRow(one.path, "UPDATE jobs SET status = 'running'");
      return timeSalvor(['--choice', 'cancel', '--state', one.path, '--json']);
    };
    const list = () => timeSalvor(['list', '--json', '--state', many.path]);
    return [
      compare('--choice cancel, one job', await interleave(cancel, nothing, pairs), GOAL),
      compare(`list --json, ${jobs} jobs`, await interleave(list, nothing, pairs), GOAL),
    ];
  },
};
