import { RecoveryError } from '../errors.ts';
import { AccessPolicyFile } from './access-schema.ts';

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
