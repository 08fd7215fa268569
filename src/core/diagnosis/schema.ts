/** Verdict and findings, each citing the evidence it rests on. */
import type { LeaseHolder, OrphanFacts, PrerequisiteFacts } from '../evidence/schema.ts';
import type { Choice, JobError, Verdict } from '../job/schema.ts';

/** Why a holder counts as dead; the strongest proof that holds. Source: design, rule 2. */
export type DeathProof = 'boot_changed' | 'lock_free' | 'pid_reused' | 'pid_gone' | 'heartbeat_expired';

/** One thing the evidence shows, as data; `present/words` says it in a sentence. */
export type Finding =
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
  | { readonly type: 'units_need_review'; readonly count: number }
  | { readonly type: 'units_failed'; readonly count: number }
  | { readonly type: 'prerequisite_bad'; readonly prerequisite: PrerequisiteFacts }
  | { readonly type: 'audit_broken'; readonly sequence: number; readonly expected: string; readonly found: string }
  | { readonly type: 'state_contradiction'; readonly detail: string };

/** What the evidence means. `recommended` is absent when no choice is better than looking. */
export type Diagnosis = {
  readonly verdict: Verdict;
  readonly crashDetected: boolean;
  readonly findings: readonly Finding[];
  readonly recommended?: Choice;
};
