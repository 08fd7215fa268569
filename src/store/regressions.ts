/** What a store has besides that somebody can put an old copy in the place of. Source: decisions/0016. */
import { RecoveryError } from '../core/errors.ts';
import type { RegressionFacts } from '../core/evidence/schema.ts';

/** How far a job has come: its highest epoch, its newest journal event, and the newest entry of its audit chain. */
export type Reached = {
  readonly epoch: number;
  readonly journalSequence: number;
  readonly auditSequence: number;
  readonly auditHash: string;
};

/** How far a job once was and how far its store is; `mark` is absent where it cannot be read. */
export type Regressed = {
  readonly regression: RegressionFacts;
  readonly mark?: Reached;
  readonly found: Reached;
  /** Units may have been run that the store does not know of. */
  readonly mayHaveRun: boolean;
};

/** Who accepts it, and why. `atMs` is the time of consent, epoch milliseconds. */
export type AcceptWord = { readonly principal: string; readonly reason: string; readonly atMs: number };

/** What was made of it: the epoch that fences who ran before, and how many units were put in doubt by it. */
export type Accepted = { readonly epoch: number; readonly doubted: number };

/** Verbs about a store that went back in time. `State` is what a change is judged by. */
export type Regressions<State> = {
  /** How far behind a job is; undefined when its store is as far as it was, or further. Errors: JOB_UNKNOWN. */
  readonly inspect: (jobId: string) => Promise<Regressed | undefined>;
  /**
   * Takes what the store says of a job for the truth, in one transaction: an audit entry of what went back, an epoch above
   * every one there was, and every unit in doubt that may have been run. The proof of life is taken before `judge` is
   * called, so that of the runner's liveness `lock` says `free`; what it throws leaves everything as it was.
   *
   * Errors: JOB_UNKNOWN; NOTHING_TO_RECOVER when it did not go back; LEASE_HELD; LOCK_DAMAGED; AUDIT_BROKEN.
   */
  readonly accept: (
    jobId: string,
    word: AcceptWord,
    judge: (state: State, regressed: Regressed) => void,
  ) => Promise<Accepted>;
  /** Jobs that were acted on and that the store does not know, each as the error of whoever names it. */
  readonly lost: () => Promise<readonly RecoveryError[]>;
};

/** How far a job has come, as a mark says it. Errors: none. */
export function formatReached(reached: Reached): Readonly<Record<string, string | number>> {
  const { epoch, journalSequence, auditSequence, auditHash } = reached;
  return { epoch, journal_sequence: journalSequence, audit_sequence: auditSequence, audit_hash: auditHash };
}

/** The error of a job with nothing to repair. */
export function describeWhole(name: string, place: string): RecoveryError {
  return new RecoveryError('NOTHING_TO_RECOVER', `the store of job '${name}' in ${place} did not go back in time`);
}
