/** What is known of one policy checkpoint file. */
import type { ReadProblem } from '../../../core/checkpoint/schema.ts';
import type { FieldFacts, JsonProblem, JsonType } from '../../exact-json/schema.ts';

/** The only checkpoint version there is. Source: formats/tau 2.4. */
export const CHECKPOINT_VERSION = 1n;

/** The fields of a checkpoint in the order they are checked. Source: formats/tau 2.4. */
export const CHECKPOINT_FIELDS = [
  'checkpoint_version',
  'run_id',
  'policy_state',
  'optimizer_state',
  'global_step',
  'optimizer_step',
  'saved_at_unix_seconds',
] as const;

/**
 * Everything read from one checkpoint file. After a problem reading stops: what was seen before it is kept, and
 * `sha256` (of the whole file) and `computedDigest` (see digest-field) are absent.
 */
export type CheckpointFacts = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256?: string;
  readonly computedDigest?: string;
  readonly rootType?: JsonType;
  readonly fields: ReadonlyMap<string, FieldFacts>;
  readonly readProblem?: ReadProblem;
  readonly jsonProblem?: JsonProblem;
};
