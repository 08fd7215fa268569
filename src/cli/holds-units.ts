import { isInHand } from '../core/diagnosis/attention.ts';
import { diagnose } from '../core/families/diagnose.ts';
import type { UnitStatus } from '../core/job/schema.ts';
import type { FoundJob } from './open-places.ts';

/** Whether a living runner has the units that it began in its hand. Errors: those of `collect`. */
export async function holdsUnits({ ref, place }: FoundJob): Promise<boolean> {
  const { verdict } = diagnose(await place.jobs.collect(ref.id));
  return isInHand(verdict);
}

/** What the status of a unit is called; for programs it stays as it is recorded. */
export function describeUnitStatus(status: UnitStatus, runnerLives: boolean): string {
  return status === 'in_doubt' && runnerLives ? 'in hand' : status;
}
