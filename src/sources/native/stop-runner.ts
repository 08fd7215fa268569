import { judgeReach } from '../../core/diagnosis/judge-reach.ts';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { awaitGone, signal } from '../../platform/end-processes.ts';
import { readOwnIdentity } from '../../platform/process-probe.ts';
import { describeLiveness } from '../../store/describe-liveness.ts';

/** How asking the runner went. `out_of_reach`: it is on another host, in another container, or another user's. */
export type StopResult = 'not_running' | 'stopped' | 'out_of_reach' | 'still_running';

/** How long a runner is waited for (milliseconds), and what ends the wait. */
export type StopWait = { readonly graceMs: number; readonly giveUp?: AbortSignal };

/** Looks once more, right before asking, by the judgement that the plan rests on; nobody is asked. Errors: none. */
function lookAt(holder: LeaseHolder): 'here' | 'gone' | 'out_of_reach' {
  const facts = describeLiveness(holder, readOwnIdentity(), { seen: 'held', nowMs: holder.heartbeatAtMs });
  if (facts.process === 'gone' || facts.process === 'other') return 'gone';
  return judgeReach(facts) === 'here' ? 'here' : 'out_of_reach';
}

/** Whether a holder is no process that nobody can ask from here; one that is gone need not be asked. Errors: none. */
export function canAsk(holder: LeaseHolder): boolean {
  return lookAt(holder) !== 'out_of_reach';
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
  const seen = lookAt(holder);
  if (seen !== 'here') return seen === 'gone' ? 'not_running' : seen;
  signal(holder, 'SIGTERM');
  return (await awaitGone([holder], graceMs, giveUp)).length === 0 ? 'stopped' : 'still_running';
}
