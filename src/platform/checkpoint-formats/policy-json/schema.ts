/** What is known of one policy checkpoint file. */
import type { ReadFacts } from '../../../core/checkpoint/format.ts';
import type { CheckpointHead, ReadProblem, Rejection, ValidCheckpoint } from '../../../core/checkpoint/schema.ts';
import type { NumberRange } from '../../exact-json/find-doubtful-numbers.ts';
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
 * `sha256` (of the whole file) and `computedDigest` (see digest-field) are absent. `doubtfulNumbers` are the places of
 * those that `JSON.parse` may change; absent when there are too many to be noted.
 */
export type PolicyFacts = ReadFacts & {
  readonly computedDigest?: string;
  readonly rootType?: JsonType;
  readonly fields: ReadonlyMap<string, FieldFacts>;
  readonly readProblem?: ReadProblem;
  readonly jsonProblem?: JsonProblem;
  readonly doubtfulNumbers?: readonly NumberRange[];
};

/** What a valid policy checkpoint says of itself: all of it. */
export type PolicyHead = Required<CheckpointHead> & { readonly version: bigint };

/** A policy checkpoint that may be loaded; `proven` when a digest beside the payload matches. */
export type PolicyCheckpoint = ValidCheckpoint & { readonly proven: boolean; readonly head: PolicyHead };

/** What is judged of one policy checkpoint. */
export type PolicyVerdict = PolicyCheckpoint | Rejection;
