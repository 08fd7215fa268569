import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { awaitGone, isAlive, signal } from '../../platform/end-processes.ts';
import { readOwnIdentity } from '../../platform/process-probe.ts';

/** How asking the runner went. `out_of_reach`: it is on another host, in another container, or another user's. */
export type StopResult = 'not_running' | 'stopped' | 'out_of_reach' | 'still_running';

/** How long a runner is waited for (milliseconds), and what ends the wait. */
export type StopWait = { readonly graceMs: number; readonly giveUp?: AbortSignal };

/** Whether this process can see a holder, and may signal it; nobody is asked. Errors: none. */
export function canAsk(holder: LeaseHolder): boolean {
  const own = readOwnIdentity();
  const isHere = holder.host === own.host && holder.bootId === own.bootId && holder.pidNamespace === own.pidNamespace;
  return isHere && signal(holder, 0);
}

/**
 * Asks a living runner to stop after the unit in hand, and waits for it. However often it is asked, what it has in hand
 * is finished.
 *
 * Errors: none; what becomes of a runner that does not stop is up to whoever asked.
 * Source: design, rule 7; formats/batch 4.8 (a cancelled job must not be overwritten by its own runner); decisions/0032.
 */
export async function stopRunner(holder: LeaseHolder | undefined, { graceMs, giveUp }: StopWait): Promise<StopResult> {
  if (!holder || holder.releasedAtMs !== undefined) return 'not_running';
  if (!canAsk(holder)) return 'out_of_reach';
  if (!isAlive(holder)) return 'not_running';
  signal(holder, 'SIGTERM');
  return (await awaitGone([holder], graceMs, giveUp)).length === 0 ? 'stopped' : 'still_running';
}
