import type { Target } from '../../../platform/end-processes.ts';
import { findRunProcesses, RUN_TOKEN_VARIABLE } from '../../../platform/find-run-processes.ts';
import { findProcesses, listPids, type ProcessStat, readProcessStat } from '../../../platform/process-probe.ts';

/** A process that may be left of a command. `command` is its command line, hostile text. */
export type Stray = Target & { readonly command: string };

/** Shells set these anew for each process. */
const CHANGING_NAMES = new Set(['_', 'SHLVL', 'PWD', 'OLDPWD']);

/**
 * Finds what may be left of a command although it dropped token, mark and parents: it is in the runner's process group,
 * began after the command, has no living parent there that began earlier, and its environment was cleared. One that has
 * all the names of the runner's own environment and no token came past the commands, as the children of a filter do
 * that reads what the runner prints.
 *
 * `isOurs` says that it can come from nowhere else, as in a session that the runner leads.
 * Units:  `pidStartTicks` clock ticks.
 * Errors: none; nothing is found where there is no /proc.
 * Source: decisions/0021.
 */
export function findStrays(root: Target, runToken: string): { readonly strays: readonly Stray[]; isOurs: boolean } {
  const own = readProcessStat(process.pid);
  if (!own) return { strays: [], isOurs: false };
  const group = new Map<number, ProcessStat>();
  for (const pid of listPids() ?? []) {
    const stat = readProcessStat(pid);
    if (stat?.groupId === own.groupId && stat.state !== 'Z') group.set(pid, stat);
  }
  const known = new Set([process.pid, ...findRunProcesses([runToken]).map(({ pid }) => pid)]);
  const isStray = (pid: number): boolean => {
    const stat = group.get(pid);
    if (!stat || known.has(pid) || stat.startTicks < root.pidStartTicks) return false;
    return !group.has(stat.parentPid) || isStray(stat.parentPid);
  };
  const pids = new Set([...group.keys()].filter(isStray));
  const isOurs = own.sessionId === process.pid;
  if (pids.size === 0) return { strays: [], isOurs };
  const names = Object.keys(process.env).filter((name) => !CHANGING_NAMES.has(name));
  const strays = findProcesses((pid, environment) =>
    pids.has(pid) && wasCleared(environment, names) ? true : undefined,
  );
  return { strays, isOurs };
}

function wasCleared(environment: readonly string[], names: readonly string[]): boolean {
  const there = new Set(environment.map((entry) => entry.split('=', 1)[0]));
  return !there.has(RUN_TOKEN_VARIABLE) && !names.every((name) => there.has(name));
}
