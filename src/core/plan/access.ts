/** Who may do what: the policy file's rules, evaluated. */
import { RecoveryError } from '../errors.ts';
import { AccessPolicyFile } from './access-schema.ts';

/** Actions a policy can speak of. Source: contract, access. */
export type AccessAction = 'recover:resume' | 'recover:restart' | 'recover:cancel' | 'recover:settle';

/** The policy in force. `invalid` denies everything; `none` allows everything and is said in the report. */
export type AccessPolicy =
  | { readonly type: 'none' }
  | { readonly type: 'file'; readonly path: string; readonly file: AccessPolicyFile }
  | { readonly type: 'invalid'; readonly path: string; readonly problem: string };

/** The answer for one action, with the reason code of formats/tau 2.6. */
export type AccessDecision = { readonly allowed: boolean; readonly reasonCode: string };

/**
 * Checks a parsed policy file.
 *
 * Errors: POLICY_INVALID naming the file and the first problem.
 * Source: formats/tau 2.6.
 */
export function parseAccessPolicy(path: string, value: unknown): AccessPolicyFile {
  const parsed = AccessPolicyFile.safeParse(value);
  const problem = parsed.success ? findProblem(parsed.data) : describeIssue(parsed.error.issues[0]);
  if (!parsed.success || problem !== undefined) {
    throw new RecoveryError('POLICY_INVALID', `access policy ${path}: ${problem}`, { details: { path, problem } });
  }
  return parsed.data;
}

function describeIssue(issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined): string {
  const place = issue?.path.map(String).join('.');
  return `${place ? `${place}: ` : ''}${issue?.message ?? 'not a policy'}`;
}

function findProblem(file: AccessPolicyFile): string | undefined {
  const seen = new Set<string>();
  for (const binding of file.bindings) {
    const principal = binding.principal.trim();
    if (principal === '') return 'a binding has a blank principal';
    if (seen.has(principal)) return `principal ${principal} is bound twice`;
    seen.add(principal);
    if (binding.roles.length === 0) return `principal ${principal} has no role`;
    if (binding.roles.some((role) => role.trim() === '')) return `principal ${principal} has a blank role`;
  }
  for (const [name, role] of Object.entries(file.roles)) {
    if (name.trim() === '') return 'a role has a blank name';
    if (role.allow.length + role.deny.length === 0) return `role ${name} neither allows nor denies anything`;
  }
  return undefined;
}

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
  const roles = roleNames.map((name) => file.roles[name.trim()]).filter((role) => role !== undefined);
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
