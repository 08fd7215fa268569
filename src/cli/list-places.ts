import { ATTENTIONS, type JobSummary } from '../core/job/schema.ts';
import type { JobPage, JobQuery } from '../core/ports.ts';
import type { OpenPlace } from './open-places.ts';

/**
 * Lists the jobs of several places as one, most urgent first: by what must be known of them, then least recovery
 * time left, then most recent.
 *
 * Source: contract, list --json (order).
 */
export async function listPlaces(places: readonly OpenPlace[], query: JobQuery): Promise<JobPage> {
  const [only, ...others] = places;
  if (only && others.length === 0) return only.jobs.list(query);
  // The first page of all is within the first pages of each.
  const pages = await Promise.all(
    places.map((place) => place.jobs.list({ ...query, offset: 0, limit: query.offset + query.limit })),
  );
  const jobs = pages.flatMap((page) => page.jobs).sort(compareUrgency);
  return {
    jobs: jobs.slice(query.offset, query.offset + query.limit),
    total: pages.reduce((sum, page) => sum + page.total, 0),
    goingOn: pages.reduce((sum, page) => sum + (page.goingOn ?? 0), 0),
  };
}

function compareUrgency(a: JobSummary, b: JobSummary): number {
  const rank = ATTENTIONS.indexOf(a.attention) - ATTENTIONS.indexOf(b.attention);
  const never = Number.POSITIVE_INFINITY;
  const left = (a.objectives?.rtoRemainingSeconds ?? never) - (b.objectives?.rtoRemainingSeconds ?? never);
  // Two jobs without objectives differ by NaN: what is left then is how recent they are.
  return rank || left || (b.sinceMs ?? 0) - (a.sinceMs ?? 0);
}
