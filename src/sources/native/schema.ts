import * as z from 'zod/mini';

/** The part of a job's specification that evidence needs; everything else is the runner's. */
export const SpecFacts = z.object({
  receipt: z.optional(z.object({ label: z.optional(z.string()) })),
  verify: z.optional(z.string()),
  directory: z.optional(z.string()),
});
