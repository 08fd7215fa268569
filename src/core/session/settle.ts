import { judgeLiveness } from '../diagnosis/judge-liveness.ts';
import { checkAuthority } from '../plan/check-authority.ts';
import { inspect } from './inspect.ts';
import type { SessionCommand } from './schema.ts';
import { pickLooked, refuse, type SessionContext } from './session-context.ts';

/**
 * Settles units by a person's word, all or none, and looks again. What was seen of the job goes with the word: it is
 * refused when somebody took the job meanwhile.
 *
 * Errors: none thrown; what goes wrong is the state `refused`.
 * Source: contract, settle.
 */
export async function settle(
  context: SessionContext,
  { type: _type, ...request }: Extract<SessionCommand, { type: 'settle' }>,
): Promise<void> {
  try {
    checkAuthority(context.authority, 'recover:settle');
    const looked = pickLooked(context.state());
    if (!looked || !context.actuator) return await inspect(context);
    const { recorded, lease, liveness } = looked.evidence;
    const isHeld = lease !== undefined && liveness !== undefined && lease.releasedAtMs === undefined;
    const settled = await context.actuator.settle({
      jobId: context.jobId,
      epoch: recorded.epoch,
      ...(isHeld && { runnerSeen: judgeLiveness(lease, liveness).type, heartbeatSeenMs: lease.heartbeatAtMs }),
      ...request,
    });
    await inspect(context, { settled });
  } catch (thrown) {
    await refuse(context, thrown, { action: 'settle' });
  }
}
