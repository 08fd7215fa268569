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

/** Every key the file may have, wherever it stands, for whoever misspelt one. */
export const ACCESS_POLICY_KEYS: readonly string[] = [AccessPolicyFile, Binding, Role].flatMap(({ shape }) =>
  Object.keys(shape),
);
