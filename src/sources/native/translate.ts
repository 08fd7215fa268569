/** From the store's records to the words of the core. */
import type { JobRef } from '../../core/job/schema.ts';
import type { JobStore } from '../../store/contract.ts';
import type { JobRecord } from '../../store/records.ts';

/** The identity of a recorded job. */
export function translateJobRef(
  record: Pick<JobRecord, 'id' | 'name' | 'kind'>,
  store: Pick<JobStore, 'directoryOf'>,
): JobRef {
  const directory = store.directoryOf(record.id);
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    family: 'units',
    source: 'native',
    ...(directory !== undefined && { directory }),
  };
}
