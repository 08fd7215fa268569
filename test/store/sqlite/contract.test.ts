import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import type { JobStore } from '../../../src/store/contract.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { alterStore } from '../../helpers/state.ts';
import { describeStoreContract } from '../contract/describe-store-contract.ts';
import type { StorePlace } from '../contract/store-place.ts';

const DAMAGES = {
  edited:
    "UPDATE audit SET principal = 'local:root' WHERE sequence = 1 AND job_seq = (SELECT seq FROM jobs WHERE id = ?)",
  cut: `DELETE FROM audit WHERE job_seq = (SELECT seq FROM jobs WHERE id = ?)
    AND sequence = (SELECT max(sequence) FROM audit)`,
} as const;

async function makeSqlitePlace(): Promise<StorePlace> {
  const folder = await makeFolder();
  const place = folder.at('state');
  const stores: JobStore[] = [];
  return {
    place,
    open({ nowMs = Date.now, identity = readOwnIdentity() } = {}) {
      const store = openJobStore(place, { nowMs, identity });
      stores.push(store);
      return store;
    },
    damageAudit: async (jobId, how) => void alterStore(place, DAMAGES[how], jobId),
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describeStoreContract('SQLite', makeSqlitePlace);
