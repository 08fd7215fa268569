/** Verdict and findings, each citing the evidence it rests on. */
import type { LeaseHolder, OrphanFacts, PrerequisiteFacts, RegressionFacts } from '../evidence/schema.ts';
import type { FamilyVocabulary } from '../families/vocabulary.ts';
import type { Attention, Choice, JobError, Verdict } from '../job/schema.ts';

/** Why a holder counts as dead; the strongest proof that holds. Source: design, rule 2. */
export type DeathProof = 'boot_changed' | 'lock_free' | 'pid_reused' | 'pid_gone' | 'heartbeat_expired';

/**
 * What a finding asks of a person. `blocks`: nothing is recommended until it is put right; `warning`: to be known before
 * anything is decided; `info`: it explains where the job stands.
 */
export type Severity = 'info' | 'warning' | 'blocks';

/** One thing the evidence shows, as data; `present/words` says it in a sentence. */
export type Finding = { readonly severity: Severity } & FoundFact;

/** What a finding says, by its type. */
export type FoundFact =
  | FamilyVocabulary['finding']
  /** `deadFromMs` (epoch milliseconds): known from its heartbeat alone, and for how long that counts. */
  | { readonly type: 'runner_alive'; readonly holder: LeaseHolder; readonly deadFromMs?: number }
  | { readonly type: 'runner_stalled'; readonly holder: LeaseHolder; readonly reason: 'stopped' | 'heartbeat_late' }
  /** It lives, and was asked to stop. */
  | {
      readonly type: 'stop_pending';
      readonly holder: LeaseHolder;
      readonly principal: string;
      readonly askedAtMs: number;
    }
  | { readonly type: 'runner_dead'; readonly holder: LeaseHolder; readonly proof: DeathProof }
  | { readonly type: 'runner_stopped'; readonly holder: LeaseHolder }
  | { readonly type: 'never_started' }
  | { readonly type: 'liveness_unknown'; readonly reason: string }
  | { readonly type: 'run_failed'; readonly error?: JobError }
  | { readonly type: 'fenced_runner_alive'; readonly holder: LeaseHolder }
  | { readonly type: 'orphan_running'; readonly orphan: OrphanFacts }
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
