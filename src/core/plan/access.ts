/** Who may do what: the policy file's rules, evaluated. */
import type { AccessPolicyFile } from './access-schema.ts';

/** Actions a policy can speak of. Source: contract, access. */
export type AccessAction =
  | 'recover:resume'
  | 'recover:restart'
  | 'recover:cancel'
  | 'recover:settle'
  /** Actions on a training control directory. Source: formats/tau 2.2 (action_key). */
  | `control:rl:${string}`;

/** The policy in force. `invalid` denies everything; `none` allows everything and is said in the report. */
export type AccessPolicy =
  | { readonly type: 'none' }
  | { readonly type: 'file'; readonly path: string; readonly file: AccessPolicyFile }
  | { readonly type: 'invalid'; readonly path: string; readonly problem: string };

/** The answer for one action, with the reason code of formats/tau 2.6. */
export type AccessDecision = { readonly allowed: boolean; readonly reasonCode: string };

/**
 * Decides one action: team mode off allows; then a blank principal, an unbound one, a matching deny, a matching
 * allow, in this order; nothing matching denies.
 *
 * Errors: none.
 * Source: formats/tau 2.6, evaluation order; an invalid named policy denies (contract, access).
 */
export function checkAccess(policy: AccessPolicy, principal: string, action: AccessAction): AccessDecision {
  if (policy.type === 'none') return { allowed: true, reasonCode: 'allow_no_policy' };
  if (policy.type === 'invalid') return { allowed: false, reasonCode: 'deny_policy_invalid' };
  const { file } = policy;
  if (!file.team_mode) return { allowed: true, reasonCode: 'allow_team_mode_disabled' };
  if (principal.trim() === '') return { allowed: false, reasonCode: 'deny_principal_missing' };
  const roleNames = file.bindings.filter((one) => matches(one.principal.trim(), principal)).flatMap((one) => one.roles);
  if (roleNames.length === 0) return { allowed: false, reasonCode: 'deny_unbound_principal' };
  // Looked up among the file's own roles: a binding may name what every object inherits.
  const named = new Set(roleNames.map((name) => name.trim()));
  const roles = Object.entries(file.roles).flatMap(([name, role]) => (named.has(name) ? [role] : []));
  if (roles.some((role) => role.deny.some((pattern) => matches(pattern, action)))) {
    return { allowed: false, reasonCode: 'deny_role_policy' };
  }
  if (roles.some((role) => role.allow.some((pattern) => matches(pattern, action)))) {
    return { allowed: true, reasonCode: 'allow_role_policy' };
  }
  return { allowed: false, reasonCode: 'deny_no_matching_allow' };
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
