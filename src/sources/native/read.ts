import type { JobPlace } from '../../core/ports.ts';
import type { JobStore } from '../../store/contract.ts';
import { listJobs } from './list.ts';
import { translateJobRef } from './translate.ts';

/**
 * Reads a place of Salvor's own. Nothing here changes anything. What a list does not need (digests above all) is loaded
 * when it is asked for, since that is most of the time of a short command.
 *
 * Source: design, rule 1.
 */
export function makeNativePlace(store: JobStore): JobPlace {
  const { units, namedUnits, unitRecords, audit, logTail, report, watch } = store;
  return {
    ...{ units, namedUnits, unitRecords, audit, logTail, report, watch },
    list: (query) => listJobs(store, query),
    async collect(jobId) {
      const { collectEvidence } = await import('./collect.ts');
      return collectEvidence(store, jobId);
    },
    async find(reference, limit) {
      // Every id begins with nothing: a variable of a script that is not set would mean the only job.
      if (reference === '') return [];
      return (await store.find(reference, limit)).map((record) => translateJobRef(record, store));
    },
  };
}
