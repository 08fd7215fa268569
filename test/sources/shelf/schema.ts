/** The files of a shelf: a directory with `shelf.json` in it, and a small JSON file for each job. */
import * as z from 'zod/mini';

/** A job: what it has to do, and how far it is. `revision` rises with every write. */
export const JobFile = z.looseObject({
  name: z.string(),
  status: z.enum(['running', 'stopped', 'completed', 'cancelled']),
  active_ms: z.number(),
  revision: z.number(),
  runs: z.number(),
  /** Does one item, named by SHELF_ITEM. */
  command: z.string(),
  items: z.record(z.string(), z.enum(['pending', 'in_doubt', 'done'])),
});
export type JobFile = z.infer<typeof JobFile>;

/** A line of the shelf's log. */
export const LogLine = z.looseObject({
  job: z.string(),
  at_ms: z.number(),
  principal: z.string(),
  action: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;
