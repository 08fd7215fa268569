import { type AccessPolicy, combinePolicies } from '../core/plan/access.ts';
import { sourceOf } from '../sources/registry.ts';
import type { Config } from './config.ts';
import type { OpenPlace } from './open-places.ts';

/** The access policies that places bring along, by the place's path. */
export type PlacePolicies = ReadonlyMap<string, AccessPolicy>;

/**
 * Reads the access policies that places keep beside them; a policy that was named beats them all.
 *
 * Errors: none; one that is there and cannot be read denies everything.
 * Source: formats/tau 2.6 (`.tau/security/rbac.json`).
 */
export async function readPlacePolicies(config: Config, places: readonly OpenPlace[]): Promise<PlacePolicies> {
  const policies = new Map<string, AccessPolicy>();
  if (config.policyPath !== undefined) return policies;
  const { readAccessPolicy } = await import('../platform/read-access-policy.ts');
  for (const place of places) {
    const source = sourceOf(place);
    const found: AccessPolicy[] = [];
    for (const path of source?.policyPaths?.(place.path, process.cwd()) ?? []) {
      found.push(await readAccessPolicy(path, { whenAbsent: 'none' }));
    }
    if (source?.policyPaths) policies.set(place.path, combinePolicies(found));
  }
  return policies;
}
