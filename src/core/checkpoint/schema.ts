/** What a checkpoint says of itself, and what is judged of it. */
import type { ErrorCode } from '../errors.ts';

/** A part of a file: bytes from its start, the end exclusive. */
export type ByteRange = { readonly startOffset: number; readonly endOffset: number };

/** Why a file could not be read at all. `code` is the system's. */
export type ReadProblem = {
  readonly reason: 'missing' | 'dangling_link' | 'not_a_file' | 'no_permission' | 'read_failed' | 'changed';
  readonly found: string;
  readonly code?: string;
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
