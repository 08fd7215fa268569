import { RecoveryError } from '../core/errors.ts';
import type { JobReader } from '../core/ports.ts';
import { listPlaces } from './list-places.ts';
import type { OpenPlace } from './open-places.ts';

/** Several places as one reader; which place a job is in is known from the lists that were read. */
export type CombinedPlaces = { readonly reader: JobReader; readonly placeOf: (jobId: string) => OpenPlace };

/**
 * Makes one reader of several places. Errors of `placeOf`: JOB_UNKNOWN for a job that was never listed; JOB_AMBIGUOUS for
 * one that two places have, such as a directory and a copy of it.
 */
export function combinePlaces(places: readonly OpenPlace[]): CombinedPlaces {
  const seen = new Map<string, ReadonlySet<OpenPlace>>();
  const placeOf = (jobId: string): OpenPlace => {
    const [place, other] = seen.get(jobId) ?? (places.length === 1 ? places : []);
    if (place && other) {
      const paths = [place.path, other.path];
      const message = `job ${jobId} is in ${paths.join(' and in ')}; open one of them alone`;
      throw new RecoveryError('JOB_AMBIGUOUS', message, { details: { job: jobId, places: paths } });
    }
    if (!place) throw new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId}`, { details: { job: jobId } });
    return place;
  };
  const reader: JobReader = {
    async list(query) {
      const watched = places.map((place) => ({
        ...place,
        jobs: { ...place.jobs, list: listAndRemember(place, seen) },
      }));
      return listPlaces(watched, query);
    },
    collect: async (jobId) => placeOf(jobId).jobs.collect(jobId),
    units: async (jobId, query) => placeOf(jobId).jobs.units(jobId, query),
    namedUnits: async (jobId, names) => placeOf(jobId).jobs.namedUnits(jobId, names),
    audit: async (jobId) => placeOf(jobId).jobs.audit(jobId),
    logTail: async (jobId, lineCount) => placeOf(jobId).jobs.logTail(jobId, lineCount),
    report: async (jobId) => placeOf(jobId).jobs.report(jobId),
    watch(onChange) {
      const stops = places.map((place) => place.jobs.watch(onChange));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
  return { reader, placeOf };
}

function listAndRemember(place: OpenPlace, seen: Map<string, ReadonlySet<OpenPlace>>): JobReader['list'] {
  return async (query) => {
    const page = await place.jobs.list(query);
    for (const { job } of page.jobs) seen.set(job.id, new Set([...(seen.get(job.id) ?? []), place]));
    return page;
  };
}
