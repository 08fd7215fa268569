import { setTimeout as delay } from 'node:timers/promises';
import { compareUrgency } from '../core/diagnosis/compare-urgency.ts';
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import type { JobSummary } from '../core/job/schema.ts';
import type { JobKey, JobPage, JobQuery } from '../core/ports.ts';
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
  if (only && others.length === 0) {
    const page = await only.jobs.list(ofPlace(query, only));
    return putBadFirst({ ...page, ...advance(query, [{ path: only.path, key: page.keys?.at(-1) }]) });
  }
  // The first page of all is within the first pages of each.
  const length = query.offset + query.limit;
  const first = { ...query, offset: 0, limit: length };
  const read = await readPlaces(places, first, patienceMs);
  const pages = read.flatMap((one) => ('page' in one ? [one] : []));
  const unread = read.flatMap((one) => ('error' in one ? [{ path: one.place.path, error: one.error }] : []));
  const [none] = unread;
  if (none && pages.length === 0) throw none.error;
  const merged = mergePages(pages, length);
  return putBadFirst({
    jobs: merged.slice(query.offset).map(({ job }) => job),
    ...advance(query, merged),
    total: pages.reduce((sum, { page }) => sum + page.total, 0),
    goingOn: pages.reduce((sum, { page }) => sum + (page.goingOn ?? 0), 0),
    ...(unread.length > 0 && { unread }),
  });
}

/** What a place is asked: from its own key on. */
function ofPlace({ after, ...query }: JobQuery, { path }: OpenPlace): JobQuery {
  const key = after?.get(path);
  return { ...query, ...(key && { after: new Map([[path, key]]) }) };
}

/** How far the list is read once these were shown, the last of each place. */
function advance(
  { after }: JobQuery,
  shown: readonly { readonly path: string; readonly key: JobKey | undefined }[],
): Pick<JobPage, 'next'> {
  const keys = shown.flatMap(({ path, key }) => (key ? [[path, key] as const] : []));
  return keys.length === 0 && !after ? {} : { next: new Map([...(after ?? []), ...keys]) };
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
  const page = place.jobs.list(ofPlace(query, place));
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

type Merged = { readonly job: JobSummary; readonly path: string; readonly key: JobKey | undefined };

/** The first `length` of all pages; what comes next is the most urgent of what comes next in each. */
function mergePages(
  pages: readonly { readonly place: OpenPlace; readonly page: JobPage }[],
  length: number,
): readonly Merged[] {
  const merged: Merged[] = [];
  const lists = pages.map(({ place: { path }, page }) =>
    page.jobs.map((job, at) => ({ job, path, key: page.keys?.[at] })),
  );
  const at = lists.map(() => 0);
  while (merged.length < length) {
    let next: { readonly one: Merged; readonly list: number } | undefined;
    for (const [list, jobs] of lists.entries()) {
      const one = jobs[at[list] ?? 0];
      if (one && (!next || compareUrgency(one.job, next.one.job) < 0)) next = { one, list };
    }
    if (!next) break;
    merged.push(next.one);
    at[next.list] = (at[next.list] ?? 0) + 1;
  }
  return merged;
}

/** A place in the order is found by what was recorded; what a closer look found comes first on its page. */
function putBadFirst({ keys: _keys, ...page }: JobPage): JobPage {
  const isBad = ({ attention }: JobSummary) => attention === 'inconsistent';
  return { ...page, jobs: [...page.jobs.filter(isBad), ...page.jobs.filter((job) => !isBad(job))] };
}
