import { setTimeout as delay } from 'node:timers/promises';
import { compareUrgency } from '../core/diagnosis/compare-urgency.ts';
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import type { JobSummary } from '../core/job/schema.ts';
import type { JobPage, JobQuery } from '../core/ports.ts';
import type { OpenPlace } from './open-places.ts';

/** How long the others wait for one place. */
const PATIENCE_MS = 5_000;
const TICK_MS = 100;

/**
 * Lists the jobs of several places as one, most urgent first: by what must be known of them, then least recovery
 * time left, then most recent. Each place keeps its own order, so that pages neither lose nor repeat a job; what only a
 * closer look found comes first on its page.
 *
 * A place that cannot be read, or does not answer within `patienceMs`, is named on the page and holds up no other.
 *
 * Errors: those of the place, when there is one alone or none can be read.
 * Source: contract, list --json (order).
 */
export async function listPlaces(
  places: readonly OpenPlace[],
  query: JobQuery,
  patienceMs = PATIENCE_MS,
): Promise<JobPage> {
  const [only, ...others] = places;
  if (only && others.length === 0) return putBadFirst(await only.jobs.list(query));
  // The first page of all is within the first pages of each.
  const length = query.offset + query.limit;
  const first = { ...query, offset: 0, limit: length };
  const read = await readPlaces(places, first, patienceMs);
  const pages = read.flatMap((one) => ('page' in one ? [one.page] : []));
  const unread = read.flatMap((one) => ('error' in one ? [{ path: one.place.path, error: one.error }] : []));
  const [none] = unread;
  if (none && pages.length === 0) throw none.error;
  const lists = pages.map((page) => page.jobs);
  return putBadFirst({
    jobs: mergeLists(lists, length).slice(query.offset),
    total: pages.reduce((sum, page) => sum + page.total, 0),
    goingOn: pages.reduce((sum, page) => sum + (page.goingOn ?? 0), 0),
    ...(unread.length > 0 && { unread }),
  });
}

/** What reading one place came to. */
type ReadPlace = { readonly place: OpenPlace } & ({ readonly page: JobPage } | { readonly error: RecoveryError });

/**
 * Reads the same page of every place, all at once; one alone is waited for as long as it takes.
 *
 * Errors: none thrown; STATE_UNREACHABLE of a place that did not answer within `patienceMs`.
 */
export function readPlaces(
  places: readonly OpenPlace[],
  query: JobQuery,
  patienceMs = PATIENCE_MS,
): Promise<readonly ReadPlace[]> {
  return Promise.all(places.map((place) => readPlace(place, query, places.length > 1 ? patienceMs : undefined)));
}

async function readPlace(place: OpenPlace, query: JobQuery, patienceMs: number | undefined): Promise<ReadPlace> {
  const answered = new AbortController();
  const page = place.jobs.list(query);
  try {
    const late = patienceMs === undefined ? [] : [waitInVain(place.path, patienceMs, answered.signal)];
    return { place, page: await Promise.race([page, ...late]) };
  } catch (thrown) {
    return { place, error: toRecoveryError(thrown) };
  } finally {
    answered.abort();
  }
}

/** Counts ticks, so that a place that was read in one piece meanwhile does not make another late. */
async function waitInVain(path: string, patienceMs: number, signal: AbortSignal): Promise<never> {
  for (let left = patienceMs; left > 0; left -= TICK_MS) await delay(Math.min(left, TICK_MS), undefined, { signal });
  const message = `${path} did not answer within ${patienceMs / 1_000} s; its jobs are not in this list`;
  throw new RecoveryError('STATE_UNREACHABLE', message, { details: { path } });
}

/** The first `length` of all lists; what comes next is the most urgent of what comes next in each. */
function mergeLists(lists: readonly (readonly JobSummary[])[], length: number): readonly JobSummary[] {
  const merged: JobSummary[] = [];
  const at = lists.map(() => 0);
  while (merged.length < length) {
    let next: { readonly job: JobSummary; readonly list: number } | undefined;
    for (const [list, jobs] of lists.entries()) {
      const job = jobs[at[list] ?? 0];
      if (job && (!next || compareUrgency(job, next.job) < 0)) next = { job, list };
    }
    if (!next) break;
    merged.push(next.job);
    at[next.list] = (at[next.list] ?? 0) + 1;
  }
  return merged;
}

/** A place in the order is found by what was recorded; what a closer look found comes first on its page. */
function putBadFirst(page: JobPage): JobPage {
  const isBad = ({ attention }: JobSummary) => attention === 'inconsistent';
  return { ...page, jobs: [...page.jobs.filter(isBad), ...page.jobs.filter((job) => !isBad(job))] };
}
