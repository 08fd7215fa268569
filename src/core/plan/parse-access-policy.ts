import { RecoveryError } from '../errors.ts';
import { describeNearestName } from '../find-nearest-name.ts';
import { matchesPattern, RECOVER_ACTIONS } from './access.ts';
import { ACCESS_POLICY_KEYS, AccessPolicyFile } from './access-schema.ts';

/**
 * Checks a parsed policy file. What a misspelling could turn into an open door is a problem: an unknown key, and a denial
 * that denies nothing.
 *
 * Errors: POLICY_INVALID naming the file and the first problem.
 * Source: formats/tau 2.6.
 */
export function parseAccessPolicy(path: string, value: unknown): AccessPolicyFile {
  const parsed = AccessPolicyFile.safeParse(value);
  const problem = parsed.success
    ? (findBindingProblem(parsed.data) ?? findRoleProblem(parsed.data, value))
    : describeIssue(parsed.error.issues[0]);
  if (!parsed.success || problem !== undefined) {
    throw new RecoveryError('POLICY_INVALID', `access policy ${path}: ${problem}`, { details: { path, problem } });
  }
  return parsed.data;
}

type Issue = {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
};

function describeIssue(issue: Issue | undefined): string {
  const place = issue?.path.map(String).join('.') ?? '';
  const [key] = issue?.keys ?? [];
  if (key !== undefined) {
    return `unknown key '${key}' ${place === '' ? 'at the top' : `in ${place}`}${describeNearestName(key, ACCESS_POLICY_KEYS)}`;
  }
  const wanted =
    issue?.expected === undefined ? (issue?.message ?? 'not a policy') : `it must be of type ${issue.expected}`;
  return place === '' ? wanted : `${place}: ${wanted}`;
}

function findBindingProblem(file: AccessPolicyFile): string | undefined {
  const seen = new Set<string>();
  for (const binding of file.bindings) {
    const principal = binding.principal.trim();
    if (principal === '') return 'a binding has a blank principal';
    if (seen.has(principal)) return `principal ${principal} is bound twice`;
    seen.add(principal);
    if (binding.roles.length === 0) return `principal ${principal} has no role`;
    if (binding.roles.some((role) => role.trim() === '')) return `principal ${principal} has a blank role`;
  }
  return undefined;
}

/** `value` is the file before it was checked: a parsed one has no role `__proto__`, though the text may have. */
function findRoleProblem(file: AccessPolicyFile, value: unknown): string | undefined {
  if (hasProtoRole(value)) return "a role may not be called '__proto__'";
  for (const [name, role] of Object.entries(file.roles)) {
    if (name.trim() === '') return 'a role has a blank name';
    if (role.allow.length + role.deny.length === 0) return `role ${name} neither allows nor denies anything`;
    const idle = role.deny.find((pattern) => deniesNothing(pattern));
    if (idle === undefined) continue;
    const nearest = describeNearestName(idle, RECOVER_ACTIONS);
    return `role ${name} denies '${idle}', which is no action${nearest}`;
  }
  return undefined;
}

function hasProtoRole(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('roles' in value)) return false;
  return typeof value.roles === 'object' && value.roles !== null && Object.hasOwn(value.roles, '__proto__');
}

/** Whether a denial is meant for Salvor's own actions and meets none of them. Those of other programs are theirs. */
function deniesNothing(pattern: string): boolean {
  if (pattern.trim() !== pattern || pattern === '') return true;
  if (!pattern.toLowerCase().startsWith('recover')) return false;
  return RECOVER_ACTIONS.every((action) => !matchesPattern(pattern, action));
}
