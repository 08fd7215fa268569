/** What evidence says of one generation of a job's checkpoints. */
import type { RestoreSource } from '../checkpoint/choose-restore.ts';
import type { CheckpointGrade } from '../checkpoint/schema.ts';

/** Why a checkpoint is refused, with its place. Foreign text is in `found`. */
export type CheckpointProblem = {
  readonly code: string;
  readonly message: string;
  readonly offset?: number;
  readonly field?: string;
  readonly expected: string;
  readonly found: string;
};

/**
 * One generation. Steps and the time (Unix seconds) are u64 and so kept as decimal text, exactly as the file has them;
 * of a refused one they are what could be read, and nobody vouches for them. `named` was asked for by its path, `chosen` by
 * an earlier rollback; a `leftover` is a file that a save did not rename.
 */
export type CheckpointEvidence = {
  readonly source: RestoreSource | 'named';
  readonly path: string;
  readonly grade: CheckpointGrade;
  readonly sizeBytes: number;
  readonly sha256?: string;
  readonly runId?: string;
  readonly globalStep?: string;
  readonly optimizerStep?: string;
  readonly savedAtUnixSeconds?: string;
  readonly problem?: CheckpointProblem;
};
