/** What a scenario's expect.json says of how its job comes about; what is then seen of it is the tests' to compare. */
import * as z from 'zod/mini';
import { UNIT_STATUSES } from '../../core/job/schema.ts';

/** A row as it has to be. `receipt: null` says that there is none; what is left out may be anything. */
const RowState = z.strictObject({
  status: z.enum(UNIT_STATUSES),
  error: z.exactOptional(z.string()),
  receipt: z.exactOptional(z.nullable(z.string())),
});

/** A state to wait for: rows by number, and files of the job's folder with a text that is in them. */
const Moment = z.strictObject({
  rows: z.record(z.string(), RowState),
  files: z._default(z.record(z.string(), z.string()), {}),
});
export type Moment = z.infer<typeof Moment>;

/** How the run ends: its runner is killed, alone or with all it started, or it ends by itself. */
const RunEnd = z.union([
  z.strictObject({ kill: z.enum(['group', 'runner']), when: Moment }),
  z.strictObject({ exit_code: z.number() }),
]);

/** The part of expect.json that makes the job. `afterwards` adds text to files once the run is over. */
export const ScenarioFile = z.object({
  job: z.string(),
  summary: z.string(),
  end: RunEnd,
  afterwards: z._default(z.record(z.string(), z.string()), {}),
});
export type ScenarioFile = z.infer<typeof ScenarioFile>;
