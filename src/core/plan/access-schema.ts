/** The access policy file. Source: formats/tau 2.6. */
import * as z from 'zod/mini';

/** A role allows and denies patterns: `*`, an exact name, or a prefix ending in `*`. */
const Role = z.object({ allow: z._default(z.array(z.string()), []), deny: z._default(z.array(z.string()), []) });

/** Shape of the file. What a schema cannot say (duplicates, empty roles) is checked by `parseAccessPolicy`. */
export const AccessPolicyFile = z.object({
  schema_version: z._default(z.literal(1), 1),
  team_mode: z._default(z.boolean(), false),
  bindings: z._default(z.array(z.object({ principal: z.string(), roles: z.array(z.string()) })), []),
  roles: z._default(z.record(z.string(), Role), {}),
});
export type AccessPolicyFile = z.infer<typeof AccessPolicyFile>;
