import { isInHand } from '../core/diagnosis/guardrails.ts';
import { needsOperator } from '../core/diagnosis/judge-job.ts';
import { RecoveryError } from '../core/errors.ts';
import type { Choice, ControlChoice, JobSummary } from '../core/job/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { SOURCES } from '../sources/registry.ts';
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
export async function selectJobs(
  places: readonly OpenPlace[],
  asked: Asked,
  choice: Choice | ControlChoice,
): Promise<Selection> {
  const references = asked.lists.job ?? [];
  if (asked.switches.has('all')) {
    if (references.length > 0) throw new RecoveryError('USAGE_INVALID', '--job and --all do not go together');
    const jobs = await listFound(places, 'waiting');
    const lost = await findLost(places);
    if (jobs.length + lost.length === 0) throw describeNothing(places);
    return { jobs, several: true, lost };
  }
  if (references.length > 0) {
    const jobs: FoundJob[] = [];
    for (const reference of references) jobs.push(await findJob(places, reference));
    const distinct = jobs.filter((one, index) => jobs.findIndex((other) => other.ref.id === one.ref.id) === index);
    return { jobs: distinct, several: references.length > 1 };
  }
  const needing = await listFound(places, 'waiting');
  const [only, ...others] = needing;
  if (others.length > 0)
    throw describeAmbiguity(
      'name one with --job, or say --all; in need are',
      needing.map((one) => one.ref),
    );
  if (only) return { jobs: [only], several: false };
  return { jobs: [await findBusy(places, choice)], several: false };
}

async function findLost(places: readonly OpenPlace[]): Promise<readonly RecoveryError[]> {
  const found: RecoveryError[] = [];
  for (const { source: name, path } of places) {
    const source = SOURCES.find((known) => known.name === name);
    found.push(...((await source?.findLost?.(path, systemClock)) ?? []));
  }
  return found;
}

/** The jobs of the default list: those that wait for an operator, or those that run. */
async function listFound(places: readonly OpenPlace[], which: 'waiting' | 'busy'): Promise<readonly FoundJob[]> {
  const found: FoundJob[] = [];
  for (const place of places) {
    const { jobs } = await place.jobs.list({ scope: 'attention', offset: 0, limit: ENOUGH });
    const isMeant = ({ attention, verdict }: JobSummary) =>
      which === 'waiting' ? needsOperator(attention) : isInHand(verdict);
    found.push(...jobs.filter(isMeant).map((summary) => ({ ref: summary.job, place })));
  }
  return found;
}

/**
 * When nothing needs recovery and one job is running, somebody was faster: the session then says who holds it.
 * Cancelling a healthy job takes its name.
 */
async function findBusy(places: readonly OpenPlace[], choice: Choice | ControlChoice): Promise<FoundJob> {
  const busy = choice === 'resume' || choice === 'restart' ? await listFound(places, 'busy') : [];
  const [only, ...others] = busy;
  if (only && others.length === 0) return only;
  const [place, ...elsewhere] = places;
  const ref = elsewhere.length === 0 ? await place?.jobs.sole?.() : undefined;
  if (place && ref) return { ref, place };
  throw describeNothing(places);
}

function describeNothing(places: readonly OpenPlace[]): RecoveryError {
  const where = places.map((place) => place.path).join(', ');
  return new RecoveryError('NOTHING_TO_RECOVER', `no job in ${where} needs recovery`, {
    details: { looked_in: where },
  });
}
