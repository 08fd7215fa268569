import type { Diagnosis } from '../core/diagnosis/schema.ts';
import type { JobRef, Progress } from '../core/job/schema.ts';
import { findRealPath } from '../platform/find-real-path.ts';
import type { JobStore } from '../store/contract.ts';
import type { JobRecord } from '../store/records.ts';
import { readSpecFacts } from './kinds/registry.ts';

/** How a job stands now, in words and as data; `recommended` is what is to be done about it. */
export type JobStanding = Pick<Diagnosis, 'verdict' | 'recommended'> & {
  readonly job: JobRef;
  readonly standing: string;
  readonly progress: Progress | undefined;
};

/** Looks at another job of the store; what jobs are said to be is for those above. Errors: those of collecting evidence. */
export type LookAtJob = (store: JobStore, jobId: string) => Promise<JobStanding>;

/** How many jobs are named; who has more of them has been told enough. */
const NAMED_JOBS = 3;

/** Another unfinished job that has the rows which are about to be run. */
export type SharedRowsJob = Pick<JobRef, 'id' | 'name'> & {
  /** How it stands, in words. */
  readonly standing: string;
  readonly done: number;
  readonly total: number;
  /** The file that both have, when one of them at least writes its results into it. */
  readonly writtenPath?: string;
};

/**
 * Finds what must be said before rows are run that other unfinished jobs have; newest first, a few at most.
 * It is no reason to refuse: another command over the same rows is other work.
 *
 * Errors: those of the store. A job that cannot be looked at is left out, since the run does not hang on it.
 * Source: decisions/0019.
 */
export async function findSharedRows(
  { store, lookAt }: { readonly store: JobStore; readonly lookAt: LookAtJob },
  job: JobRecord,
): Promise<readonly SharedRowsJob[]> {
  const others = await store.sharedRows(job.id, NAMED_JOBS);
  const found = await Promise.all(
    others.map(async (other): Promise<SharedRowsJob | undefined> => {
      const seen = await lookAt(store, other.id).catch(() => undefined);
      if (!seen?.progress) return undefined;
      const { done, total } = seen.progress;
      const path = findWritten(job, other);
      const { id, name } = other;
      return { id, name, standing: seen.standing, done, total, ...(path !== undefined && { writtenPath: path }) };
    }),
  );
  return found.filter((one) => one !== undefined);
}

function findWritten(job: JobRecord, other: JobRecord): string | undefined {
  const writes = [job, other].some((one) => readSpecFacts(one).writesBack === true);
  if (!writes || !job.rows || !other.rows) return undefined;
  return findRealPath(job.rows.path) === findRealPath(other.rows.path) ? job.rows.path : undefined;
}
