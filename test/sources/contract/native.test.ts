import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJobStore } from '../../../src/store/open-store.ts';
import { makeLedgerJob } from '../../helpers/ledger-job.ts';
import { addJob } from '../../store/contract/store-place.ts';
import { describeSource } from './describe-source.ts';
import { snapshotFiles } from './snapshot-files.ts';
import type { SourceWorld } from './source-world.ts';

/** A batch that was killed with a row in doubt. */
async function makeNativeWorld(): Promise<SourceWorld> {
  const job = await makeLedgerJob({ rowCount: 3, verify: true });
  job.act({ k2: 'before' });
  await job.salvor(['run', 'job.yaml']);
  return {
    target: job.state,
    missing: job.folder.at('missing'),
    snapshot: async () => snapshotFiles(job.folder.path),
    async damage() {
      for (const name of ['salvor.db-wal', 'salvor.db-shm']) rmSync(join(job.state, name), { force: true });
      writeFileSync(join(job.state, 'salvor.db'), 'shopping list');
    },
    async addJob(name) {
      const store = openJobStore(job.state, { nowMs: Date.now });
      await addJob(store, ['2', '1'], { name });
      await store.close();
    },
    keepsRefusals: true,
    effects: job.ledger,
    [Symbol.asyncDispose]: () => job[Symbol.asyncDispose](),
  };
}

describeSource('native', makeNativeWorld);
