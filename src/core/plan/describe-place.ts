import type { Reach } from '../diagnosis/judge-reach.ts';
import type { LeaseHolder } from '../evidence/schema.ts';

/** What keeps a runner from being asked. `uid` is the user id that it runs as, where that is what does. */
export type Hindrance = { readonly reach: Reach; readonly uid?: number | undefined };

/** Where a runner runs that cannot be asked to stop from here, and that it is asked there alone. Errors: none. */
export function describePlace({ host }: Pick<LeaseHolder, 'host'>, { reach, uid }: Hindrance): string {
  if (reach === 'other_user') {
    const user = uid === undefined ? '' : ` (uid ${uid})`;
    return `as another user${user} of ${host}, and only that one, or root, may ask it to stop`;
  }
  const places: Readonly<Record<Exclude<Reach, 'other_user'>, string>> = {
    here: `on ${host}`,
    other_host: `on the host ${host}`,
    other_container: `in another container (pid namespace) of ${host}`,
    unseen: `on ${host}, where its process cannot be seen from here`,
  };
  return `${places[reach]}, and can be asked to stop there alone`;
}
