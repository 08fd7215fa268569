import { RecoveryError } from '../errors.ts';
import { checkAccess } from '../plan/access.ts';
import type { Authority } from '../plan/choice-context.ts';
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
    checkSettle(context.authority);
    await context.actuator?.settle({ jobId: context.jobId, ...request });
    await inspect(context);
  } catch (thrown) {
    await refuse(context, thrown, { action: 'settle' });
  }
}

/** Errors: READ_ONLY, CHOICE_UNSUPPORTED, ACCESS_DENIED, POLICY_INVALID. */
function checkSettle({ readOnly, canAct, policy, principal }: Authority): void {
  if (readOnly) throw new RecoveryError('READ_ONLY', 'Salvor was started read-only');
  if (!canAct) throw new RecoveryError('CHOICE_UNSUPPORTED', 'this source can only be read');
  const action = 'recover:settle';
  const { allowed, reasonCode } = checkAccess(policy, principal, action);
  if (allowed) return;
  if (policy.type === 'invalid') {
    throw new RecoveryError('POLICY_INVALID', policy.problem, { details: { path: policy.path } });
  }
  const message = `unauthorized: principal=${principal} action=${action} reason_code=${reasonCode}`;
  throw new RecoveryError('ACCESS_DENIED', message, { details: { principal, action, reason_code: reasonCode } });
}
