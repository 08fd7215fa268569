/** A reader of jobs kept in memory: pages, filters and counts as a real one, and says what it was asked. */
import { RecoveryError } from '../../src/core/errors.ts';
import type { UnitFacts } from '../../src/core/evidence/schema.ts';
import type { JobSummary } from '../../src/core/job/schema.ts';
import type { AuditEntry, JobQuery, JobReader } from '../../src/core/ports.ts';
import { sampleEvidence } from './sample-evidence.ts';

/** What there is to read. Change it between reads and call `changed`. */
export type FakeState = {
  jobs: readonly JobSummary[];
  units: readonly UnitFacts[];
  audit: readonly AuditEntry[];
  log: readonly string[];
  listError?: RecoveryError;
};

export type FakeReader = JobReader & {
  readonly state: FakeState;
  readonly queries: readonly JobQuery[];
  /** Tells the console that the state changed. */
  readonly changed: () => void;
};

/** Makes a reader; whatever is not given is empty. */
export function makeFakeReader(given: Partial<FakeState> = {}): FakeReader {
  const state: FakeState = { jobs: [], units: [], audit: [], log: [], ...given };
  const watchers = new Set<() => void>();
  const queries: JobQuery[] = [];
  return {
    state,
    queries,
    changed: () => {
      for (const tell of [...watchers]) tell();
    },
    list: async (query) => {
      queries.push(query);
      if (state.listError !== undefined) throw state.listError;
      const jobs = state.jobs.filter(
        ({ job }) => query.text === undefined || `${job.name} ${job.id}`.includes(query.text),
      );
      return { jobs: jobs.slice(query.offset, query.offset + query.limit), total: jobs.length };
    },
    collect: async () => sampleEvidence(),
    units: async (_jobId, { statuses, offset, limit }) => {
      const units = state.units.filter((unit) => statuses.length === 0 || statuses.includes(unit.status));
      return { units: units.slice(offset, offset + limit), total: units.length };
    },
    namedUnits: async (_jobId, { keys, numbers }) =>
      state.units.filter(({ key, number }) => keys.includes(key) || numbers.includes(number)),
    audit: async () => state.audit,
    logTail: async (_jobId, lineCount) => state.log.slice(-lineCount),
    report: async () => undefined,
    watch: (onChange) => {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}

/** The error of a store that cannot be read. */
export function sampleUnreadable(): RecoveryError {
  return new RecoveryError('STATE_UNREADABLE', 'cannot read /srv/salvor/store.db: permission denied');
}
