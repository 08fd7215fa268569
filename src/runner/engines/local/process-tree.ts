import { endProcesses, isAlive, signal, type Target } from '../../../platform/end-processes.ts';
import { findRunProcesses, type RunProcess } from '../../../platform/find-run-processes.ts';
import { listPids, readProcessStat } from '../../../platform/process-probe.ts';

/**
 * What a command started: its shell, what carries the run's token or mark for the same unit, and all their children. No
 * root when no process came to be.
 */
export type ProcessTree = { readonly root?: Target; readonly runToken: string; readonly unitNumber?: number };

/** The process just started, so that its pid cannot be mistaken later. Errors: none. */
export function describeRoot(pid: number | undefined): { readonly root?: Target } {
  const stat = pid === undefined ? undefined : readProcessStat(pid);
  return pid === undefined || !stat ? {} : { root: { pid, pidStartTicks: stat.startTicks } };
}

/** A process that ends others by forking faster than they are found is looked for this often. */
const ROUNDS = 5;

/**
 * Ends a tree: SIGTERM, then SIGKILL after the grace, until nothing of it is left.
 *
 * Returns what still lives. Errors: none.
 * Source: design, rule 2 (two workers would act twice).
 */
export async function endTree(tree: ProcessTree, graceMs: number): Promise<readonly Target[]> {
  for (let round = 0; round < ROUNDS; round++) {
    const targets = findTree(tree);
    if (targets.length === 0) return [];
    await endProcesses(targets, graceMs);
  }
  return findTree(tree);
}

/** Kills a tree at once, without waiting. Errors: none. */
export function killTree(tree: ProcessTree): void {
  for (const target of findTree(tree)) signal(target, 'SIGKILL');
}

/** What of a tree is there without its root: processes that outlived their command. Errors: none. */
export function findRest({ runToken, unitNumber }: ProcessTree): readonly RunProcess[] {
  return findRunProcesses([runToken]).filter((found) => found.unitNumber === unitNumber);
}

/** Token and mark find what left the family, the family what dropped both. */
function findTree(tree: ProcessTree): readonly Target[] {
  const { root } = tree;
  const targets = new Map<number, Target>();
  if (root && isAlive(root)) targets.set(root.pid, root);
  for (const found of findRest(tree)) targets.set(found.pid, found);
  const stats = (listPids() ?? []).map((pid) => ({ pid, stat: readProcessStat(pid) }));
  // Parents mostly have smaller pids than their children, so one pass finds nearly all; the rest in the next round.
  for (const { pid, stat } of stats) {
    if (!stat || stat.state === 'Z' || targets.has(pid) || !targets.has(stat.parentPid)) continue;
    targets.set(pid, { pid, pidStartTicks: stat.startTicks });
  }
  return [...targets.values()];
}
