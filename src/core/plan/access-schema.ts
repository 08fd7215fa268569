/** The access policy file. Source: formats/tau 2.6. */
import * as z from 'zod/mini';

/** A role allows and denies patterns: `*`, an exact name, or a prefix ending in `*`. */
const Role = z.strictObject({ allow: z._default(z.array(z.string()), []), deny: z._default(z.array(z.string()), []) });

/** Who has which roles. */
const Binding = z.strictObject({ principal: z.string(), roles: z.array(z.string()) });

/**
 * Shape of the file. What a schema cannot say (duplicates, empty roles) is checked by `parseAccessPolicy`. An unknown key
 * is refused: `teammode` for `team_mode` would turn the whole policy off.
 */
export const AccessPolicyFile = z.strictObject({
  schema_version: z._default(z.literal(1), 1),
  team_mode: z._default(z.boolean(), false),
  bindings: z._default(z.array(Binding), []),
  roles: z._default(z.record(z.string(), Role), {}),
});
export type AccessPolicyFile = z.infer<typeof AccessPolicyFile>;

/** The keys that an object of the file may have, by where it stands. Errors: none. */
export function listKeysAt([room, , ...deeper]: readonly PropertyKey[]): readonly string[] {
  if (room === 'bindings' && deeper.length === 0) return Object.keys(Binding.shape);
  if (room === 'roles' && deeper.length === 0) return Object.keys(Role.shape);
  return Object.keys(AccessPolicyFile.shape);
}
