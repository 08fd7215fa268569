import { inject } from 'vitest';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import type { JobStore } from '../../../src/store/contract.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { describeStoreContract } from '../../store/contract/describe-store-contract.ts';
import type { StorePlace } from '../../store/contract/store-place.ts';
import { ask, makeStoreUrl } from '../helpers/postgres-store.ts';

const DAMAGES = {
  edited:
    "UPDATE audit SET principal = 'local:root' WHERE sequence = 1 AND job_seq = (SELECT seq FROM jobs WHERE id = $1)",
  cut: `DELETE FROM audit WHERE job_seq = (SELECT seq FROM jobs WHERE id = $1)
    AND sequence = (SELECT max(sequence) FROM audit)`,
} as const;

async function makePostgresPlace(): Promise<StorePlace> {
  const place = makeStoreUrl(inject('databaseUrl'));
  const stores: JobStore[] = [];
  return {
    place,
    open({ nowMs = Date.now, identity = readOwnIdentity() } = {}) {
      const store = openJobStore(place, { nowMs, identity });
      stores.push(store);
      return store;
    },
    damageAudit: async (jobId, how) => void (await ask(place, DAMAGES[how], [jobId])),
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store.close();
    },
  };
}

describeStoreContract('PostgreSQL', makePostgresPlace);
