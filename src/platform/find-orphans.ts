import type { OrphanFacts } from '../core/evidence/schema.ts';
import { findProcessesByEnvironment } from './process-probe.ts';

/** Name of the variable by which the processes of a run are found. */
export const RUN_TOKEN_VARIABLE = 'SALVOR_RUN_TOKEN';
/** Name of the variable that says which unit a process works on. */
export const UNIT_NUMBER_VARIABLE = 'SALVOR_UNIT_NUMBER';

/**
 * Finds what outlived the runs with these tokens; of a process and its children only the topmost.
 *
 * Errors: none; processes of other users cannot be seen.
 * Source: design, rule 2 (orphans).
 */
export function findOrphans(runTokens: readonly string[]): readonly OrphanFacts[] {
  if (runTokens.length === 0) return [];
  const found = findProcessesByEnvironment(new Set(runTokens.map((token) => `${RUN_TOKEN_VARIABLE}=${token}`)));
  const pids = new Set(found.map((process) => process.pid));
  return found
    .filter((process) => !pids.has(process.parentPid))
    .map((process) => {
      const unitNumber = Number(process.environment.get(UNIT_NUMBER_VARIABLE));
      return {
        pid: process.pid,
        pidStartTicks: process.pidStartTicks,
        command: process.command,
        ...(Number.isInteger(unitNumber) && unitNumber > 0 && { unitNumber }),
      };
    });
}
