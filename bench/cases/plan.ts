import { diagnose } from '../../src/core/families/diagnose.ts';
import { buildProposals } from '../../src/core/families/propose.ts';
import { makeNativePlace } from '../../src/sources/native/read.ts';
import { openJobStore } from '../../src/store/open-store.ts';
import { lookAtStore } from '../../src/store/sqlite/database.ts';
import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare } from '../measure/result.ts';
import { stateOf } from '../state/make-batch.ts';
import { makeInterruptedBatch } from '../state/make-interrupted-batch.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

/** Everything that is looked at for a plan of a long job: evidence, diagnosis, and what each choice would do. */
export const plan: Bench = {
  name: 'plan',
  async run({ fewPairs, planRows }) {
    using folder = makeTemporaryFolder();
    const id = await makeInterruptedBatch(folder.path, { rowCount: planRows, worker: 'cat' });
    const place = makeNativePlace(openJobStore(stateOf(folder.path), { nowMs: Date.now }));
    const authority = { principal: 'local:bench', policy: { type: 'none' }, readOnly: false, canAct: true } as const;
    const build = async () => {
      const startedMs = performance.now();
      const evidence = await place.collect(id);
      const proposals = buildProposals({ evidence, diagnosis: diagnose(evidence), authority });
      if (proposals.resume?.type !== 'plan') throw new Error('there is no plan to resume');
      return performance.now() - startedMs;
    };
    return [
      compare(`plan of ${planRows} rows`, await interleave(build, () => scan(stateOf(folder.path)), fewPairs), {
        against: 'one scan of the rows in SQLite',
        goal: { atMost: 1.5 },
        measuredIn: 'ms',
      }),
    ];
  },
};

/** Looks once at every row of the job, all inside SQLite and without an index: its state, and whether it has a receipt. */
function scan(stateDirectory: string): number {
  const startedMs = performance.now();
  lookAtStore(stateDirectory, (database) =>
    database.prepare("SELECT sum(status = 'done'), count(receipt) FROM units NOT INDEXED").all(),
  );
  return performance.now() - startedMs;
}
