import { RecoveryError } from '../errors.ts';
import { describeNearestName, findNearestName } from '../find-nearest-name.ts';
import { matchesPattern, RECOVER_ACTIONS } from './access.ts';
import { AccessPolicyFile, listKeysAt } from './access-schema.ts';

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
    const known = listKeysAt(issue?.path ?? []);
    const guess = describeNearestName(key, known) || `; known there: ${known.join(', ')}`;
    return `unknown key '${key}' ${place === '' ? 'at the top' : `in ${place}`}${guess}`;
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
    if (hasIdleStar(principal)) return `principal ${principal} is nobody: ${STAR_RULE}`;
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
    if (hasIdleStar(idle)) return `role ${name} denies '${idle}', which is no action: ${STAR_RULE}`;
    return `role ${name} denies '${idle}', which is no action${describeNearestName(idle, KNOWN_ACTIONS)}`;
  }
  return undefined;
}

function hasProtoRole(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('roles' in value)) return false;
  return typeof value.roles === 'object' && value.roles !== null && Object.hasOwn(value.roles, '__proto__');
}

/** Only at the end is a star more than a character, and no name has one. */
const STAR_RULE = 'a * counts only once and at the end';

function hasIdleStar(pattern: string): boolean {
  return pattern.slice(0, -1).includes('*');
}

/** Actions on a training control directory, Tau's own and Salvor's. Source: formats/tau 2.2. */
const CONTROL_ACTIONS = ['status', 'pause', 'resume', 'cancel', 'rollback', 'repair', 'restart'].map(
  (name) => `control:rl:${name}`,
);
const KNOWN_ACTIONS: readonly string[] = [...RECOVER_ACTIONS, ...CONTROL_ACTIONS];
const NAMESPACES = ['recover', 'control'] as const;

/**
 * Whether a denial meets no action. Other programs share the file, and theirs is what is in a namespace of theirs; without
 * a namespace there is no action, and one that is nearly Salvor's is misspelt.
 */
function deniesNothing(pattern: string): boolean {
  if (pattern.trim() !== pattern || pattern === '' || hasIdleStar(pattern)) return true;
  if (KNOWN_ACTIONS.some((action) => matchesPattern(pattern, action))) return false;
  const [namespace = '', ...rest] = pattern.toLowerCase().split(':');
  if (rest.length === 0) return true;
  if (namespace === 'control') return pattern.startsWith('control:rl:') || !pattern.startsWith('control:');
  return namespace.startsWith('recover') || findNearestName(namespace, NAMESPACES) !== undefined;
}
