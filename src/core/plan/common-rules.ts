/** Rules that hold for the choices of every family. */
import { type AccessAction, checkAccess } from './access.ts';
import type { Rule } from './choice-row.ts';
import type { Reason } from './schema.ts';

/** A reason to refuse. */
export function refuse(code: Reason['code'], message: string, details: Readonly<Record<string, unknown>> = {}): Reason {
  return { code, message, details };
}

/** Refuses whatever acts when nobody is to act, or nothing can. */
export const ACTING_RULES: readonly Rule[] = [
  ({ authority }) => (authority.readOnly ? refuse('READ_ONLY', 'Salvor was started read-only') : undefined),
  ({ authority, evidence: { job } }) =>
    authority.canAct
      ? undefined
      : refuse('CHOICE_UNSUPPORTED', `source ${job.source} can only be read`, { source: job.source }),
];

/** Refuses what the policy does not allow; `say` puts what it found in the words of a format. */
export function allowOnly(action: AccessAction, say: (found: string) => string = (found) => found): Rule {
  return ({ authority: { policy, principal } }) => {
    const { allowed, reasonCode } = checkAccess(policy, principal, action);
    if (allowed) return undefined;
    if (policy.type === 'invalid') return refuse('POLICY_INVALID', say(policy.problem), { path: policy.path });
    const found = `principal=${principal} action=${action} reason_code=${reasonCode}`;
    return refuse('ACCESS_DENIED', say(`unauthorized: ${found}`), { principal, action, reason_code: reasonCode });
  };
}
