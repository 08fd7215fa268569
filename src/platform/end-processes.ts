import { setTimeout as delay } from 'node:timers/promises';
import { readProcessStat } from './process-probe.ts';

/** A process to end; the start time makes sure that a reused pid is left alone. */
export type Target = { readonly pid: number; readonly pidStartTicks: number };

const LOOK_EVERY_MS = 20;

/**
 * Ends processes: SIGTERM, then SIGKILL after the grace, and waits until they are gone.
 *
 * Units: `graceMs` before SIGKILL; the wait after it is as long again.
 * Returns those that still live. Errors: none.
 */
export async function endProcesses(targets: readonly Target[], graceMs: number): Promise<readonly Target[]> {
  for (const target of targets) signal(target, 'SIGTERM');
  const stubborn = await awaitGone(targets, graceMs);
  for (const target of stubborn) signal(target, 'SIGKILL');
  return awaitGone(stubborn, graceMs);
}

/** Waits until processes are gone, at most `limitMs` or until it is given up; returns those that still live. */
export async function awaitGone(
  targets: readonly Target[],
  limitMs: number,
  giveUp?: AbortSignal,
): Promise<readonly Target[]> {
  const end = performance.now() + limitMs;
  let left = targets.filter(isAlive);
  // The kernel offers no wait for processes that are not our children without a native addon, so this looks again.
  while (left.length > 0 && performance.now() < end && giveUp?.aborted !== true) {
    await delay(LOOK_EVERY_MS);
    left = left.filter(isAlive);
  }
  return left;
}

/** Whether the very process still runs. */
export function isAlive(target: Target): boolean {
  const stat = readProcessStat(target.pid);
  return stat !== undefined && stat.startTicks === target.pidStartTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** Sends a signal to the very process; one that is gone needs none. Answers false when it is another user's. */
export function signal(target: Target, name: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (!isAlive(target)) return true;
  try {
    return process.kill(target.pid, name);
  } catch (error) {
    // It may be gone between the look and the signal.
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}
