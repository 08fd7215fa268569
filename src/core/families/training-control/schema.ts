/** What trainings under someone else's control show and may be done to, as data. Source: formats/tau 2, 3 and 4. */
import type { Restore, RestoreSource } from '../../checkpoint/choose-restore.ts';
import type { CheckpointEvidence } from '../../evidence/checkpoint-schema.ts';
import type { FileFacts, OrphanFacts } from '../../evidence/schema.ts';

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

/** A control state that was recorded and set aside since: nothing is recorded, and somebody had recorded something. */
export type LostState = {
  /** Where the damaged one is kept, when it still is. */
  readonly keptAs?: string;
  /** When a repair set it aside, when the audit log says so. */
  readonly atMs?: number;
};

/** What evidence of this family has of its own. `lifecycle` is the literal `missing` when nothing was ever recorded. */
export type ControlFacts = {
  readonly directory: string;
  readonly lifecycle: string;
  readonly lastAction?: string;
  readonly principal?: string;
  readonly updatedAtMs?: number;
  readonly rollbackCheckpoint?: string;
  readonly status?: TrainingStatus;
  readonly trainerEnd?: TrainerEnd;
  readonly tornLine?: TornLine;
  /** The first of them; at most 20. */
  readonly oddRows?: readonly OddRow[];
  readonly unfinished?: UnfinishedAction;
  readonly overtaken?: OvertakingRow;
  readonly lost?: LostState;
  /** Which checkpoint a resume takes, and what is to be said of the others. */
  readonly restore: Restore;
};

/** What such a training shows besides what every job may. */
export type ControlFinding =
  /** Recorded as running, and no end of the run is recorded. */
  | { readonly type: 'control_crashed'; readonly status?: TrainingStatus }
  | { readonly type: 'status_stale'; readonly status: TrainingStatus }
  /** A trainer that Salvor started still lives. */
  | { readonly type: 'trainer_alive'; readonly trainer: OrphanFacts }
  /** The audit log's last row came after the control state, which does not have it. */
  | { readonly type: 'state_overtaken'; readonly overtaken: OvertakingRow }
  /** What was recorded was set aside: whether the run crashed nobody can tell. */
  | { readonly type: 'state_lost'; readonly lost: LostState }
  /** How the trainer of the recorded run ended, as Salvor saw it. */
  | { readonly type: 'trainer_ended'; readonly end: TrainerEnd }
  | { readonly type: 'checkpoint_refused'; readonly checkpoint: CheckpointEvidence }
  | { readonly type: 'checkpoint_choice'; readonly detail: string }
  | { readonly type: 'audit_torn'; readonly tornLine: TornLine }
  | { readonly type: 'audit_row_odd'; readonly row: OddRow }
  | { readonly type: 'control_file_bad'; readonly file: FileFacts }
  | { readonly type: 'action_unfinished'; readonly unfinished: UnfinishedAction };

/**
 * Steps that the source of such a training carries out. Training steps are u64 and so decimal text; `lostSteps` is how many
 * more a refused or newer generation had, undefined when none says.
 */
export type ControlStep = { readonly by: 'source' } & (
  | {
      readonly action: 'load_checkpoint';
      readonly source: RestoreSource;
      readonly path: string;
      readonly runId: string;
      readonly globalStep: string;
      readonly lostSteps?: string;
    }
  | { readonly action: 'write_report'; readonly path: string }
  | { readonly action: 'set_lifecycle'; readonly from: string; readonly to: string; readonly idempotent: boolean }
  | { readonly action: 'restore_checkpoint'; readonly path: string; readonly globalStep: string }
  | { readonly action: 'repair_audit'; readonly line: number; readonly sizeBytes: number }
  | { readonly action: 'append_audit'; readonly actionKey: string }
  | { readonly action: 'end_trainers'; readonly pids: readonly number[] }
  | {
      readonly action: 'start_trainer';
      readonly command: string;
      /** Where it goes on from; without a checkpoint that loads it begins anew. */
      readonly globalStep?: string;
    }
);

/**
 * Warnings: nothing but the recorded status says whether it runs; nothing will be started; the audit log is cut by a bad
 * line (`label`) after `count` rows; no access policy is there (`label` is where it is expected); the checkpoint carries no
 * digest; a trainer lives (`label` are its processes) that a pause does not stop;
 * the control state was set aside, so nobody can tell whether the run crashed.
 */
export type ControlWarning =
  | 'STATUS_ONLY'
  | 'NOTHING_STARTED'
  | 'AUDIT_SHORT'
  | 'ACCESS_OPEN'
  | 'CHECKPOINT_UNPROVEN'
  | 'TRAINER_GOES_ON'
  | 'STATE_LOST';

/** What this family adds to the words of the flow. */
export type ControlVocabulary = {
  readonly finding: ControlFinding;
  readonly step: ControlStep;
  readonly warning: ControlWarning;
};
