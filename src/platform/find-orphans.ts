import type { OrphanFacts } from '../core/evidence/schema.ts';
import { findRunProcesses } from './find-run-processes.ts';

/**
 * Finds what outlived the runs with these tokens; of a process and its children only the topmost.
 *
 * Errors: none; processes of other users cannot be seen.
 * Source: design, rule 2 (orphans).
 */
export function findOrphans(runTokens: readonly string[]): readonly OrphanFacts[] {
  const found = findRunProcesses(runTokens);
  const pids = new Set(found.map((process) => process.pid));
  return found
    .filter((process) => !pids.has(process.parentPid))
    .map(({ pid, pidStartTicks, command, unitNumber }) => ({
      pid,
      pidStartTicks,
      command,
      ...(unitNumber !== undefined && { unitNumber }),
    }));
}
