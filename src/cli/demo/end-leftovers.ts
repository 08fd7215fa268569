import type { JobPlace } from '../../core/ports.ts';
import { endProcesses, type Target } from '../../platform/end-processes.ts';

/** How long a process has to end by itself. */
const GRACE_MS = 2_000;
const NO_LIMIT = 1_000_000;
/** A process that is ended may leave children of its own behind: those are found in the next round. */
const ROUNDS = 5;

/**
 * Ends what still works for the jobs of a place: runners first (unless they are to go on), then what outlived them.
 *
 * Returns how many processes there were. Errors: none of its own.
 */
export async function endLeftovers(place: JobPlace, { runners }: { readonly runners: boolean }): Promise<number> {
  const living = runners ? await findTargets(place, findRunner) : [];
  await endProcesses(living, GRACE_MS);
  let count = living.length;
  for (let round = 0; round < ROUNDS; round += 1) {
    const orphans = await findTargets(place, (evidence) => evidence.orphans);
    if (orphans.length === 0) break;
    await endProcesses(orphans, GRACE_MS);
    count += orphans.length;
  }
  return count;
}

type Evidence = Awaited<ReturnType<JobPlace['collect']>>;

function findRunner({ lease, liveness }: Evidence): readonly Target[] {
  return lease && lease.releasedAtMs === undefined && liveness?.process === 'same' ? [lease] : [];
}

async function findTargets(
  place: JobPlace,
  find: (evidence: Evidence) => readonly Target[],
): Promise<readonly Target[]> {
  const { jobs } = await place.list({ scope: 'all', offset: 0, limit: NO_LIMIT });
  const targets: Target[] = [];
  for (const { job } of jobs) targets.push(...find(await place.collect(job.id)));
  return targets;
}
