import { checkAuthority } from '../plan/check-authority.ts';
import { inspect } from './inspect.ts';
import type { SessionCommand } from './schema.ts';
import { refuse, type SessionContext } from './session-context.ts';

/**
 * Settles one unit by a person's word and looks again.
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
    await context.actuator?.settle({ jobId: context.jobId, ...request });
    await inspect(context);
  } catch (thrown) {
    await refuse(context, thrown, { action: 'settle' });
  }
}
