import { RecoveryError } from '../../../../src/core/errors.ts';
import type { UnitWork } from '../../../../src/core/execution/unit-engine.ts';
import { buildUnitEnvironment } from '../../../../src/runner/command/row-environment.ts';
import type { JobWork } from '../../../../src/runner/job-work.ts';
import type { KindWork } from '../../../../src/runner/kinds/kind.ts';
import { makePendingUnits } from '../../../../src/runner/pending-units.ts';

type Spec = {
  readonly name: string;
  readonly directory: string;
  readonly steps: readonly string[];
  readonly undo: string;
};

export const TOY_WORK: KindWork = {
  async readFile({ text, directory, name }) {
    const steps = text.findValue(['steps']);
    const undo = text.findValue(['on_failure']);
    if (!Array.isArray(steps) || !steps.every((step) => typeof step === 'string') || typeof undo !== 'string') {
      throw text.refuse(['steps'], 'expected steps, a list of command lines, and on_failure');
    }
    return makeWork({ name: name ?? 'toy', directory, steps, undo });
  },
  parse: (spec) => makeWork(parseSpec(spec)),
};

function parseSpec(json: string): Spec {
  const { name, directory, steps, undo } = JSON.parse(json);
  if (Array.isArray(steps)) return { name: String(name), directory: String(directory), steps, undo: String(undo) };
  throw new RecoveryError('STATE_CORRUPT', 'the recorded job specification is not one of a toy');
}

/** Steps are units, named by their path; what is done when one failed is the last of them. */
function makeWork(spec: Spec): JobWork {
  const { name, directory, steps, undo } = spec;
  const lines = [...steps, undo];
  return {
    name,
    unit: 'step',
    spec: JSON.stringify(spec),
    commands: { lines, place: { directory, env: {} } },
    openUnits: async () => ({ chunks: readUnits(lines), close: async () => {} }),
    concurrency: 1,
    retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
    makeProgram: () => ({
      ...{ jobName: name, directory, env: {} },
      command: (work) => ({
        args: ['-c', String(JSON.parse(work.rowJson))],
        environment: buildUnitEnvironment(work, new Map()),
        input: '',
      }),
    }),
    makeCourse(held) {
      const nextPending = makePendingUnits(held);
      let hasFailed = false;
      const isNext = ({ key }: UnitWork) => (key === 'on_failure/0') === hasFailed;
      return {
        async next() {
          for (;;) {
            const unit = await nextPending();
            if (!unit || isNext(unit)) return unit;
          }
        },
        mayGoOn({ key }, { type }) {
          hasFailed ||= type === 'failed';
          return key !== 'on_failure/0';
        },
      };
    },
    // What is done on a failure is left over when there was none.
    judgeEnd: ({ units, counts }) => {
      if (units.end === 'stopped') return { end: 'stopped' };
      if (counts.failed === 0) return { end: 'completed' };
      return { end: 'failed', ...(units.error && { error: units.error }) };
    },
  };
}

async function* readUnits(lines: readonly string[]) {
  yield lines.map((line, index) => {
    const key = index === lines.length - 1 ? 'on_failure/0' : `steps/${index}`;
    return { number: index + 1, key, dataJson: JSON.stringify(line) };
  });
}
