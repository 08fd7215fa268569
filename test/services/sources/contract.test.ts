import { makeLedgerJob } from '../../helpers/ledger-job.ts';
import { readTables } from '../../helpers/state.ts';
import { describeSource } from '../../sources/contract/describe-source.ts';
import { snapshotFiles } from '../../sources/contract/snapshot-files.ts';
import type { SourceWorld } from '../../sources/contract/source-world.ts';
import { addJob } from '../../store/contract/store-place.ts';
import { ask, makeStoreUrl, openStore } from '../helpers/postgres-store.ts';

/** A batch that was killed with a row in doubt, in a store that hosts share. */
async function makePostgresWorld(): Promise<SourceWorld> {
  const target = makeStoreUrl();
  const job = await makeLedgerJob({ rowCount: 3, verify: true, store: target });
  job.act({ k2: 'before' });
  await job.salvor(['run', 'job.yaml']);
  return {
    target,
    missing: makeStoreUrl(),
    snapshot: async () => ({ files: snapshotFiles(job.folder.path), tables: readTables(target) }),
    damage: async () => void (await ask(target, 'ALTER TABLE jobs RENAME TO lost')),
    async addJob(name) {
      await using store = openStore(target);
      await addJob(store, ['2', '1'], { name });
    },
    keepsRefusals: true,
    effects: job.ledger,
    [Symbol.asyncDispose]: () => job[Symbol.asyncDispose](),
  };
}

describeSource('native', makePostgresWorld);
