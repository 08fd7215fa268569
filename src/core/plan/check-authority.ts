import { RecoveryError } from '../errors.ts';
import { type AccessAction, checkAccess } from './access.ts';
import type { Authority } from './choice-row.ts';

/**
 * Refuses an action that is no choice (settling a row, writing results back) to whoever may not take it.
 *
 * Errors: READ_ONLY, CHOICE_UNSUPPORTED, ACCESS_DENIED, POLICY_INVALID.
 * Source: design, rule 9; contract, commands (global).
 */
export function checkAuthority({ readOnly, canAct, policy, principal }: Authority, action: AccessAction): void {
  if (readOnly) throw new RecoveryError('READ_ONLY', 'Salvor was started read-only');
  if (!canAct) throw new RecoveryError('CHOICE_UNSUPPORTED', 'this source can only be read');
  const { allowed, reasonCode } = checkAccess(policy, principal, action);
  if (allowed) return;
  if (policy.type === 'invalid') {
    throw new RecoveryError('POLICY_INVALID', policy.problem, { details: { path: policy.path } });
  }
  const message = `unauthorized: principal=${principal} action=${action} reason_code=${reasonCode}`;
  throw new RecoveryError('ACCESS_DENIED', message, { details: { principal, action, reason_code: reasonCode } });
}
