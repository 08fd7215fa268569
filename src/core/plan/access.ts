/** Who may do what: the policy file's rules, evaluated. */
import type { ActingChoice } from '../job/schema.ts';
import type { AccessPolicyFile } from './access-schema.ts';

/** Actions on jobs a policy can speak of. Source: contract, access. */
export const RECOVER_ACTIONS = [
  'recover:run',
  'recover:resume',
  'recover:restart',
  'recover:stop',
  'recover:cancel',
  'recover:settle',
  'recover:write_back',
  'recover:repair',
] as const;

/** Every action a policy can speak of. */
export type AccessAction =
  | (typeof RECOVER_ACTIONS)[number]
  | `recover:${ActingChoice}`
  /** Actions on a training control directory. Source: formats/tau 2.2 (action_key). */
  | `control:rl:${string}`;

/**
 * The policy in force. `invalid` denies everything; `none` allows everything and is said in the report; of `all` each
 * has to allow.
 */
export type AccessPolicy =
  | { readonly type: 'none' }
  | { readonly type: 'file'; readonly path: string; readonly file: AccessPolicyFile }
  | { readonly type: 'invalid'; readonly path: string; readonly problem: string }
  | { readonly type: 'all'; readonly policies: readonly Extract<AccessPolicy, { type: 'file' }>[] };

/** The answer for one action, with the reason code of formats/tau 2.6. */
export type AccessDecision = { readonly allowed: boolean; readonly reasonCode: string };

/**
 * Decides one action: team mode off allows; then a blank principal, an unbound one, a matching deny, a matching
 * allow, in this order; nothing matching denies. Names are compared as they stand, without trimming or folding.
 *
 * Shapes: a role that is bound and not described might have denied: what others allow does not count then
 *         (`deny_role_unknown`).
 * Errors: none.
 * Source: formats/tau 2.6, evaluation order; an invalid named policy denies (contract, access).
 */
export function checkAccess(policy: AccessPolicy, principal: string, action: AccessAction): AccessDecision {
  if (policy.type === 'none') return { allowed: true, reasonCode: 'allow_no_policy' };
  if (policy.type === 'invalid') return { allowed: false, reasonCode: 'deny_policy_invalid' };
  if (policy.type === 'all') {
    const decisions = policy.policies.map((one) => checkAccess(one, principal, action));
    return (
      decisions.find(({ allowed }) => !allowed) ?? decisions[0] ?? { allowed: true, reasonCode: 'allow_no_policy' }
    );
  }
  const { file } = policy;
  if (!file.team_mode) return { allowed: true, reasonCode: 'allow_team_mode_disabled' };
  if (principal.trim() === '') return { allowed: false, reasonCode: 'deny_principal_missing' };
  const roleNames = new Set(
    file.bindings.filter((one) => matchesPattern(one.principal, principal)).flatMap((one) => one.roles),
  );
  if (roleNames.size === 0) return { allowed: false, reasonCode: 'deny_unbound_principal' };
  // Looked up among the file's own roles: a binding may name what every object inherits.
  const roles = Object.entries(file.roles).flatMap(([name, role]) => (roleNames.has(name) ? [role] : []));
  if (roles.some((role) => role.deny.some((pattern) => matchesPattern(pattern, action)))) {
    return { allowed: false, reasonCode: 'deny_role_policy' };
  }
  if (roles.some((role) => role.allow.some((pattern) => matchesPattern(pattern, action)))) {
    if (roles.length < roleNames.size) return { allowed: false, reasonCode: 'deny_role_unknown' };
    return { allowed: true, reasonCode: 'allow_role_policy' };
  }
  return { allowed: false, reasonCode: 'deny_no_matching_allow' };
}

/** One policy of several: one that is invalid denies, and else each has to allow. Errors: none. */
export function combinePolicies(found: readonly AccessPolicy[]): AccessPolicy {
  const invalid = found.find(({ type }) => type === 'invalid');
  if (invalid) return invalid;
  const policies = found.flatMap((one) => (one.type === 'file' ? [one] : one.type === 'all' ? one.policies : []));
  const [only, ...others] = policies;
  if (!only) return { type: 'none' };
  return others.length === 0 ? only : { type: 'all', policies };
}

/** Whether a name is meant by a pattern: `*`, an exact name, or a prefix ending in `*`. Errors: none. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
