/** What a training control directory says: lifecycle, status, files, generations. Source: formats/tau 2 and 3. */
import type { Restore, RestoreSource } from '../checkpoint/choose-restore.ts';

/** How far a checkpoint can be trusted: proven, structural, partial, rejected, unsupported. Source: design, rule 4. */
export type CheckpointGrade = 'A' | 'B' | 'C' | 'R' | 'U';

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

/** A file of the directory. `missing` is no fault by itself; `invalid` and `unreadable` stop every action. */
export type ControlFileFacts = {
  readonly what: 'control_state' | 'status' | 'audit_log' | 'recovery_report' | 'access_policy';
  readonly path: string;
  readonly state: 'valid' | 'missing' | 'invalid' | 'unreadable';
  readonly problem?: {
    readonly message: string;
    readonly offset?: number;
    readonly field?: string;
    readonly expected?: string;
    readonly found?: string;
  };
};

/** What the trainer recorded of its end. `stale` says why it is about another run than the one that was interrupted. */
export type TrainingStatus = {
  readonly runState: string;
  readonly updatedAtMs: number;
  readonly path: string;
  readonly stale?: 'older_than_state' | 'other_run';
};

/**
 * How the trainer of the recorded run ended, as Salvor saw it. `exitCode` or `signal`; `isStopped`: Salvor had been asked
 * to stop it.
 */
export type TrainerEnd = {
  readonly atMs: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly isStopped: boolean;
};

/** A last line of the audit log that was cut short by a crash. `line` counts from 1. */
export type TornLine = { readonly line: number; readonly offset: number; readonly sizeBytes: number };

/** A row of the audit log that counts, and that a strict reader would not take as it stands. `line` counts from 1. */
export type OddRow = { readonly line: number; readonly action: string; readonly detail: string };

/** Something an interrupted action of Salvor left undone; found by the action's id, which all its writes carry. */
export type UnfinishedAction = {
  readonly action: string;
  readonly actionId: string;
  readonly atMs: number;
  readonly missing: readonly ('control_state' | 'restored_checkpoint' | 'audit_row')[];
};

/** The last row of the audit log, when the control state does not have it though it was written earlier. `line` counts from 1. */
export type OvertakingRow = { readonly line: number; readonly action: string; readonly atMs: number };

/** The control side of a training job. `lifecycle` is the literal `missing` when nothing was ever recorded. */
export type ControlFacts = {
  readonly directory: string;
  readonly lifecycle: string;
  readonly lastAction?: string;
  readonly principal?: string;
  readonly updatedAtMs?: number;
  readonly rollbackCheckpoint?: string;
  readonly status?: TrainingStatus;
  readonly trainerEnd?: TrainerEnd;
  readonly files: readonly ControlFileFacts[];
  readonly tornLine?: TornLine;
  /** The first of them; at most 20. */
  readonly oddRows?: readonly OddRow[];
  readonly unfinished?: UnfinishedAction;
  readonly overtaken?: OvertakingRow;
  /** Which checkpoint a resume takes, and what is to be said of the others. */
  readonly restore: Restore;
  /** The command that starts the trainer, when one is known. It is the operator's own. */
  readonly command?: string;
};
