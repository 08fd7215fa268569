import { setTimeout as delay } from 'node:timers/promises';
import type { OrphanFacts } from '../../core/evidence/schema.ts';
import { findOrphans } from '../../platform/find-orphans.ts';
import { findProcessesByEnvironment } from '../../platform/process-probe.ts';

/** In the environment of the process that stays beside a trainer: of which run it will record the end. */
export const TRAINER_OF_VARIABLE = 'SALVOR_TRAINER_OF';

/** How often, and after how long, is looked again while the end of a trainer is just being recorded. */
const LOOKS = 200;
const LOOK_MS = 10;

/**
 * Finds what lives of the trainers that Salvor started in a directory. One that has ended and whose end is being recorded
 * is waited for: between the two it would look as if it had crashed, and be trained again. A process that does not come to
 * record it counts as a trainer that lives.
 *
 * Errors: none.
 * Source: design, rule 2.
 */
export async function findTrainers(runToken: string): Promise<readonly OrphanFacts[]> {
  for (let looksLeft = LOOKS; ; looksLeft -= 1) {
    const trainers = findOrphans([runToken]);
    if (trainers.length > 0) return trainers;
    const watchers = findProcessesByEnvironment(new Set([`${TRAINER_OF_VARIABLE}=${runToken}`]));
    if (watchers.length === 0) return [];
    if (looksLeft === 0) return watchers.map(({ pid, pidStartTicks, command }) => ({ pid, pidStartTicks, command }));
    await delay(LOOK_MS);
  }
}
