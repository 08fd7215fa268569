import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
import { timeNode, timeSalvor } from '../measure/run-program.ts';

const GOAL = { against: 'node -e 0', goal: { atMost: 1.3 }, measuredIn: 'ms' } as const;

/** The shortest commands against a Node.js that does nothing. */
export const start: Bench = {
  name: 'start',
  async run({ pairs }) {
    const nothing = () => timeNode(['-e', '0']);
    return [
      compare('--version', await interleave(() => timeSalvor(['--version']), nothing, pairs), GOAL),
      compare('--help', await interleave(() => timeSalvor(['--help']), nothing, pairs), GOAL),
    ];
  },
};
