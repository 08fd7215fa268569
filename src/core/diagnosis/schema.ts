/** Verdict and findings, each citing the evidence it rests on. */
import type {
  CheckpointEvidence,
  ControlFileFacts,
  OddRow,
  OvertakingRow,
  TornLine,
  TrainerEnd,
  TrainingStatus,
  UnfinishedAction,
} from '../evidence/control-schema.ts';
import type { LeaseHolder, OrphanFacts, PrerequisiteFacts, RegressionFacts } from '../evidence/schema.ts';
import type { Attention, Choice, JobError, Verdict } from '../job/schema.ts';

/** Why a holder counts as dead; the strongest proof that holds. Source: design, rule 2. */
export type DeathProof = 'boot_changed' | 'lock_free' | 'pid_reused' | 'pid_gone' | 'heartbeat_expired';

/** What a training control directory shows besides. Source: formats/tau 3 and 4. */
export type ControlFinding =
  /** Recorded as running, and no end of the run is recorded. */
  | { readonly type: 'control_crashed'; readonly status?: TrainingStatus }
  | { readonly type: 'status_stale'; readonly status: TrainingStatus }
  /** A trainer that Salvor started still lives. */
  | { readonly type: 'trainer_alive'; readonly trainer: OrphanFacts }
  /** The audit log's last row came after the control state, which does not have it. */
  | { readonly type: 'state_overtaken'; readonly overtaken: OvertakingRow }
  /** How the trainer of the recorded run ended, as Salvor saw it. */
  | { readonly type: 'trainer_ended'; readonly end: TrainerEnd }
  | { readonly type: 'checkpoint_refused'; readonly checkpoint: CheckpointEvidence }
  | { readonly type: 'checkpoint_choice'; readonly detail: string }
  | { readonly type: 'audit_torn'; readonly tornLine: TornLine }
  | { readonly type: 'audit_row_odd'; readonly row: OddRow }
  | { readonly type: 'control_file_bad'; readonly file: ControlFileFacts }
  | { readonly type: 'action_unfinished'; readonly unfinished: UnfinishedAction };

/** One thing the evidence shows, as data; `present/words` says it in a sentence. */
export type Finding =
  | ControlFinding
  | { readonly type: 'runner_alive'; readonly holder: LeaseHolder }
  | { readonly type: 'runner_stalled'; readonly holder: LeaseHolder; readonly reason: 'stopped' | 'heartbeat_late' }
  | { readonly type: 'runner_dead'; readonly holder: LeaseHolder; readonly proof: DeathProof }
  | { readonly type: 'runner_stopped'; readonly holder: LeaseHolder }
  | { readonly type: 'never_started' }
  | { readonly type: 'liveness_unknown'; readonly reason: string }
  | { readonly type: 'run_failed'; readonly error?: JobError }
  | { readonly type: 'fenced_runner_alive'; readonly holder: LeaseHolder }
  | { readonly type: 'orphan_running'; readonly orphan: OrphanFacts }
  | {
      readonly type: 'units_in_doubt';
      readonly count: number;
      readonly withReceipt: number;
      readonly canVerify: boolean;
    }
  /** Begun by a runner that lives. */
  | { readonly type: 'units_in_hand'; readonly count: number }
  | { readonly type: 'units_need_review'; readonly count: number }
  | { readonly type: 'units_failed'; readonly count: number }
  | { readonly type: 'prerequisite_bad'; readonly prerequisite: PrerequisiteFacts }
  | { readonly type: 'audit_broken'; readonly sequence: number; readonly expected: string; readonly found: string }
  | { readonly type: 'store_regressed'; readonly regression: RegressionFacts }
  | { readonly type: 'state_contradiction'; readonly detail: string };

/** What the evidence means. `recommended` is absent when no choice is better than looking, or none can be taken. */
export type Diagnosis = {
  readonly verdict: Verdict;
  /** The word a list has for the job. */
  readonly attention: Attention;
  readonly crashDetected: boolean;
  readonly findings: readonly Finding[];
  readonly recommended?: Choice;
};
