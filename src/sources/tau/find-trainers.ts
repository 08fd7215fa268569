import { setTimeout as delay } from 'node:timers/promises';
import type { OrphanFacts } from '../../core/evidence/schema.ts';
import { isAlive } from '../../platform/end-processes.ts';
import { findRunProcesses } from '../../platform/find-run-processes.ts';
import { findProcesses, findProcessesByEnvironment, readProcessStat } from '../../platform/process-probe.ts';
import { isOwnRecord, type RecordedProcess, readTrainer } from './trainer-record.ts';

/** In the environment of the process that stays beside a trainer: of which run it will record the end. */
export const TRAINER_OF_VARIABLE = 'SALVOR_TRAINER_OF';

/** How long, and how often, is looked again while the end of a trainer is just being recorded. */
const RECORDING_MS = 2_000;
const LOOK_MS = 10;

/** What the trainers of a directory are known by: what they inherit, and the record of the last one. */
export type TrainerTraces = { readonly runToken: string; readonly recordPath: string };

/**
 * Finds what lives of the trainers that Salvor started in a directory. One that has ended and whose end is being recorded
 * is waited for: between the two it would look as if it had crashed, and be trained again. A process that does not come to
 * record it counts as a trainer that lives.
 *
 * Errors: none.
 * Source: design, rule 2; decisions/0021.
 */
export async function findTrainers(traces: TrainerTraces): Promise<readonly OrphanFacts[]> {
  const latest = performance.now() + RECORDING_MS;
  for (;;) {
    const trainer = await readTrainer(traces.recordPath);
    const trainers = findLiving(traces.runToken, trainer);
    if (trainers.length > 0) return trainers;
    const watchers = [
      ...findProcessesByEnvironment(new Set([`${TRAINER_OF_VARIABLE}=${traces.runToken}`])),
      ...findWatcher(trainer?.isEnded === false ? trainer.watcher : undefined),
    ];
    if (watchers.length === 0) return [];
    if (performance.now() > latest) {
      return watchers.map(({ pid, pidStartTicks, command }) => ({ pid, pidStartTicks, command }));
    }
    await delay(LOOK_MS);
  }
}

/**
 * Finds the trainers that live now, without waiting. With `mayEnd` those that may be ended: what inherited the token or the
 * mark of the run, and the recorded one when the record is this user's own.
 *
 * Errors: none.
 */
export async function findLivingTrainers(
  { runToken, recordPath }: TrainerTraces,
  { mayEnd = false } = {},
): Promise<readonly OrphanFacts[]> {
  const isBelieved = !mayEnd || isOwnRecord(recordPath);
  return findLiving(runToken, isBelieved ? await readTrainer(recordPath) : undefined);
}

/** What carries the token or the mark, and what is in the session of the recorded one; of each tree the topmost. */
function findLiving(runToken: string, trainer: RecordedProcess | undefined): readonly OrphanFacts[] {
  const found = new Map(
    [...findRunProcesses([runToken]), ...(trainer ? findSession(trainer) : [])].map((one) => [one.pid, one]),
  );
  return [...found.values()]
    .filter(({ parentPid }) => !found.has(parentPid))
    .map(({ pid, pidStartTicks, command }) => ({ pid, pidStartTicks, command }));
}

/** A pid is not given away while a session has it: what is in it came from its leader, unless the pid is another's now. */
function findSession({ pid: leader, pidStartTicks }: RecordedProcess): ReturnType<typeof findProcesses<true>> {
  const now = readProcessStat(leader);
  if (now && now.startTicks !== pidStartTicks) return [];
  return findProcesses((pid) => {
    const stat = readProcessStat(pid);
    return stat?.sessionId === leader && stat.startTicks >= pidStartTicks ? true : undefined;
  });
}

function findWatcher(watcher: RecordedProcess | undefined): ReturnType<typeof findProcesses<true>> {
  if (!watcher || watcher.pid === process.pid || !isAlive(watcher)) return [];
  return findProcesses((pid) => (pid === watcher.pid ? true : undefined));
}
