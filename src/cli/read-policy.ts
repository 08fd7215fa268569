import type { AccessPolicy } from '../core/plan/access.ts';

/**
 * Reads the access policy that was named. One that is missing or cannot be read is a policy that denies everything, and
 * so is an empty name: a variable that was never set must not open everything.
 *
 * Errors: none; what is wrong is in the policy.
 * Source: contract, access; design, rule 5.
 */
export async function readPolicy(path: string | undefined): Promise<AccessPolicy> {
  if (path === undefined) return { type: 'none' };
  if (path === '') return { type: 'invalid', path, problem: 'an access policy is named, and its name is empty' };
  const { readAccessPolicy } = await import('../platform/read-access-policy.ts');
  return readAccessPolicy(path, { whenAbsent: 'invalid' });
}
