import { isInHand, needsOperator } from '../core/diagnosis/attention.ts';
import { RecoveryError } from '../core/errors.ts';
import type { Choice, JobSummary } from '../core/job/schema.ts';
import { judgeHolder } from '../core/plan/plan-basis.ts';
import type { UnreadPlace } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { sourceOf } from '../sources/registry.ts';
import { readPlaces } from './list-places.ts';
import { describeAmbiguity, type FoundJob, findJob, type OpenPlace } from './open-places.ts';
import type { Asked } from './parse-args.ts';

/** The jobs a choice is for. `several` decides the shape of the answer; `lost` are jobs that cannot even be looked at. */
export type Selection = {
  readonly jobs: readonly FoundJob[];
  readonly several: boolean;
  readonly lost?: readonly RecoveryError[];
};

const ENOUGH = 1_000_000;

/**
 * Selects the jobs named with --job, all that need recovery with --all, or the only one that does.
 *
 * Errors: NOTHING_TO_RECOVER; JOB_AMBIGUOUS when several need it and none is named; those of `findJob`.
 * Source: contract, commands (--job may be left out).
 */
export async function selectJobs(places: readonly OpenPlace[], asked: Asked, choice: Choice): Promise<Selection> {
  const references = asked.lists.job ?? [];
  if (asked.switches.has('all')) {
    if (references.length > 0) throw new RecoveryError('USAGE_INVALID', '--job and --all do not go together');
    const unread: UnreadPlace[] = [];
    const { jobs, copied } = separateCopies(await listFound(places, whichOf(choice), unread));
    if (unread.length === places.length && unread[0]) throw unread[0].error;
    const readable = places.filter(({ path }) => !unread.some((one) => one.path === path));
    const lost = [...copied, ...unread.map(({ error }) => error), ...(await findLost(readable))];
    if (jobs.length + lost.length === 0) throw describeNothing(places, choice);
    return { jobs, several: true, lost };
  }
  if (references.length > 0) {
    const jobs: FoundJob[] = [];
    for (const reference of references) jobs.push(await findJob(places, reference));
    const distinct = jobs.filter((one, index) => jobs.findIndex((other) => other.ref.id === one.ref.id) === index);
    return { jobs: distinct, several: references.length > 1 };
  }
  const needing = await listFound(places, whichOf(choice));
  const [only, ...others] = needing;
  if (others.length > 0) throw describeSeveral(needing, choice);
  if (only) return { jobs: [only], several: false };
  return { jobs: [await findBusy(places, choice)], several: false };
}

/** A job that two places have is one and a copy of it: to recover both would do everything twice. */
function separateCopies(found: readonly FoundJob[]): {
  readonly jobs: readonly FoundJob[];
  readonly copied: readonly RecoveryError[];
} {
  const byId = new Map<string, readonly FoundJob[]>();
  for (const one of found) byId.set(one.ref.id, [...(byId.get(one.ref.id) ?? []), one]);
  const groups = [...byId.values()];
  const copied = groups.filter(({ length }) => length > 1);
  return { jobs: groups.filter(({ length }) => length === 1).flat(), copied: copied.map(describeCopies) };
}

function describeCopies(copies: readonly FoundJob[]): RecoveryError {
  const id = copies[0]?.ref.id;
  const paths = copies.map(({ place }) => place.path);
  const message = `job ${id} is in ${paths.join(' and in ')}; name one of them alone`;
  return new RecoveryError('JOB_AMBIGUOUS', message, { details: { job: id, places: paths } });
}

async function findLost(places: readonly OpenPlace[]): Promise<readonly RecoveryError[]> {
  const found: RecoveryError[] = [];
  for (const place of places) found.push(...((await sourceOf(place)?.findLost?.(place.path, systemClock)) ?? []));
  return found;
}

/**
 * The jobs of the default list: those that wait for an operator, or those that run. Errors of places go to `unread`, and
 * without it are thrown: which job is the only one can be said when every place was read.
 */
async function listFound(
  places: readonly OpenPlace[],
  which: 'waiting' | 'busy',
  unread?: UnreadPlace[],
): Promise<readonly FoundJob[]> {
  const read = await readPlaces(places, { scope: 'attention', offset: 0, limit: ENOUGH });
  const found: FoundJob[] = [];
  for (const one of read) {
    if ('error' in one) {
      if (!unread) throw one.error;
      unread.push({ path: one.place.path, error: one.error });
      continue;
    }
    for (const summary of one.page.jobs)
      if (await isMeant(summary, which, one.place)) found.push({ ref: summary.job, place: one.place });
  }
  return found;
}

/** Records that contradict each other hide that a runner lives: such a job is looked at. */
async function isMeant(
  { attention, verdict, job, mustBeNamed }: JobSummary,
  which: 'waiting' | 'busy',
  { jobs }: OpenPlace,
): Promise<boolean> {
  if (which === 'waiting') return needsOperator(attention) && !mustBeNamed;
  return isInHand(verdict) || (verdict === 'inconsistent' && judgeHolder(await jobs.collect(job.id)) === 'alive');
}

/**
 * When nothing needs recovery and one job is running, somebody was faster: the session then says who holds it.
 * Cancelling a healthy job takes its name.
 */
async function findBusy(places: readonly OpenPlace[], choice: Choice): Promise<FoundJob> {
  const busy = choice === 'resume' || choice === 'restart' ? await listFound(places, 'busy') : [];
  const [only, ...others] = busy;
  if (only && others.length === 0) return only;
  const [place, ...elsewhere] = places;
  const ref = elsewhere.length === 0 ? await place?.jobs.sole?.() : undefined;
  if (place && ref) return { ref, place };
  throw describeNothing(places, choice);
}

/** Which jobs a choice is for when none is named. */
function whichOf(choice: Choice): 'waiting' | 'busy' {
  return choice === 'stop' ? 'busy' : 'waiting';
}

function describeSeveral(found: readonly FoundJob[], choice: Choice): RecoveryError {
  const which = choice === 'stop' ? 'running' : 'in need';
  return describeAmbiguity(
    `name one with --job, or say --all; ${which} are`,
    found.map((one) => one.ref),
  );
}

function describeNothing(places: readonly OpenPlace[], choice: Choice): RecoveryError {
  const where = places.map((place) => place.path).join(', ');
  const message = choice === 'stop' ? `no job in ${where} runs` : `no job in ${where} needs recovery`;
  return new RecoveryError('NOTHING_TO_RECOVER', message, {
    details: { looked_in: where },
  });
}
