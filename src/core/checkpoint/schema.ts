/** What a checkpoint says of itself, and what is judged of it; the same for every format. */
import type { ErrorCode } from '../errors.ts';

/** A part of a file: bytes from its start, the end exclusive. */
export type ByteRange = { readonly startOffset: number; readonly endOffset: number };

/** Why a file could not be read at all. `code` is the system's. */
export type ReadProblem = {
  readonly reason: 'missing' | 'dangling_link' | 'not_a_file' | 'no_permission' | 'read_failed' | 'changed';
  readonly found: string;
  readonly code?: string;
};

/**
 * What a checkpoint says of itself, as far as its format has a place for it. Steps and the time (Unix seconds) are u64, so
 * bigint.
 */
export type CheckpointHead = {
  readonly runId?: string;
  readonly globalStep?: bigint;
  readonly optimizerStep?: bigint;
  readonly savedAtUnixSeconds?: bigint;
};

/** The error codes a refused checkpoint can have. */
export type RejectionCode = Extract<
  ErrorCode,
  'CHECKPOINT_MISSING' | 'CHECKPOINT_UNREADABLE' | 'CHECKPOINT_INVALID' | 'CHECKPOINT_VERSION_UNSUPPORTED'
>;

/**
 * Why a checkpoint is refused: the file, the place (byte offset or field), what was expected and what was found.
 */
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

/** What can be shown of a checkpoint: its structure, checksums its format has built in, a digest of all its bytes. */
export type Proof = 'structure' | 'checksums' | 'digest';

/**
 * A checkpoint that may be loaded. `progress` says how far it is, in the words of its format; `missing` is what the same
 * run would need besides.
 */
export type ValidCheckpoint = {
  readonly type: 'valid';
  readonly path: string;
  readonly head: CheckpointHead;
  readonly progress: string;
  readonly proved: readonly Proof[];
  readonly notProved: readonly Proof[];
  readonly missing: readonly string[];
};

/** What is judged of one checkpoint. */
export type CheckpointVerdict = ValidCheckpoint | Rejection;

/** How far a checkpoint can be trusted: proven, structural, partial, rejected, unsupported. Source: design, rule 4. */
export type CheckpointGrade = 'A' | 'B' | 'C' | 'R' | 'U';
