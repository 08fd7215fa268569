/** What is known of one policy checkpoint file, and what is judged of it. */
import type { ErrorCode } from '../errors.ts';

/** The only checkpoint version there is. Source: formats/tau 2.4. */
export const CHECKPOINT_VERSION = 1n;

/** The largest step or time a checkpoint can hold. Source: formats/tau 2.4, u64. */
export const U64_MAX = 2n ** 64n - 1n;

/** How deep objects and arrays may nest, the payload included: as deep as the format's first reader goes. */
export const DEPTH_LIMIT = 127;

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

/** A part of a file: bytes from its start, the end exclusive. */
export type ByteRange = { readonly startOffset: number; readonly endOffset: number };

/** The type of a JSON value. */
export type JsonType = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * One top-level field as it stands in the file. Offsets are bytes from the file's start, the end exclusive.
 * `text` is the raw text of a string, number, boolean or null; objects and arrays stay in the file.
 */
export type FieldFacts = ByteRange & { readonly type: JsonType; readonly text?: string };

/** The rule of JSON, or of what both readers of the format accept, that a file breaks. */
export type JsonRule =
  | 'syntax'
  | 'truncated'
  | 'encoding'
  | 'duplicate_key'
  | 'depth'
  | 'number_range'
  | 'lone_surrogate'
  | 'token_length';

/** The first thing wrong with a JSON text: the byte, the value around it, and why. `path` and `found` are foreign. */
export type JsonProblem = {
  readonly rule: JsonRule;
  readonly offset: number;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
};

/** Why a file could not be read at all. `code` is the system's. */
export type ReadProblem = {
  readonly reason: 'missing' | 'dangling_link' | 'not_a_file' | 'no_permission' | 'read_failed' | 'changed';
  readonly found: string;
  readonly code?: string;
};

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

/** What a valid checkpoint says of itself. Steps and the time (Unix seconds) are u64, so bigint. */
export type CheckpointHead = {
  readonly version: bigint;
  readonly runId: string;
  readonly globalStep: bigint;
  readonly optimizerStep: bigint;
  readonly savedAtUnixSeconds: bigint;
};

/** The error codes a refused checkpoint can have. */
export type RejectionCode = Extract<
  ErrorCode,
  'CHECKPOINT_MISSING' | 'CHECKPOINT_UNREADABLE' | 'CHECKPOINT_INVALID' | 'CHECKPOINT_VERSION_UNSUPPORTED'
>;

/** Why a checkpoint is refused: the file, the place (byte offset or field), what was expected and what was found. */
export type Rejection = {
  readonly type: 'rejected';
  readonly code: RejectionCode;
  readonly message: string;
  readonly path: string;
  readonly offset?: number;
  readonly field?: string;
  readonly expected: string;
  readonly found: string;
};

/** A checkpoint that may be loaded; `proven` when a digest beside the payload matches. */
export type ValidCheckpoint = {
  readonly type: 'valid';
  readonly path: string;
  readonly proven: boolean;
  readonly head: CheckpointHead;
};

/** What is judged of one checkpoint file. */
export type CheckpointVerdict = ValidCheckpoint | Rejection;
