import { familyOf } from '../core/families/registry.ts';
import type { JobRef, JobSummary } from '../core/job/schema.ts';
import { type AccessPolicy, checkAccess } from '../core/plan/access.ts';
import type { JobReader } from '../core/ports.ts';
import { sourceOf } from '../sources/registry.ts';
import type { Config } from './config.ts';
import type { OpenPlace } from './open-places.ts';
import type { PlacePolicies } from './place-policies.ts';

/** On whose behalf a list is read. */
export type Looker = {
  readonly config: Pick<Config, 'principal' | 'readOnly'>;
  readonly policy: AccessPolicy;
  readonly placePolicies: PlacePolicies;
};

/**
 * Places whose lists recommend nothing that would be refused to who looks: a closer look says the same of each job.
 *
 * Errors: none.
 * Source: design, rule 9; contract, list --json (recommended).
 */
export function permitRecommended(places: readonly OpenPlace[], looker: Looker): readonly OpenPlace[] {
  const { config, policy, placePolicies } = looker;
  return places.map((place) => {
    const own = placePolicies.get(place.path) ?? policy;
    const canAct = !config.readOnly && sourceOf(place)?.act !== undefined;
    if (canAct && own.type === 'none') return place;
    const isPermitted = (choice: Recommended, job: JobRef): boolean => {
      // A review changes nothing.
      if (choice === 'review') return true;
      return canAct && checkAccess(own, config.principal, familyOf(job).formatAction(choice)).allowed;
    };
    const list: JobReader['list'] = async (query) => {
      const page = await place.jobs.list(query);
      return { ...page, jobs: page.jobs.map((summary) => permit(summary, isPermitted)) };
    };
    return { ...place, jobs: { ...place.jobs, list } };
  });
}

type Recommended = NonNullable<JobSummary['recommended']>;

function permit(summary: JobSummary, isPermitted: (choice: Recommended, job: JobRef) => boolean): JobSummary {
  const { recommended, ...rest } = summary;
  return recommended === undefined || isPermitted(recommended, summary.job) ? summary : rest;
}
