/** What the commands of a session share. */
import { type RecoveryError, toRecoveryError } from '../errors.ts';
import type { StopSignal } from '../execution/stop-signals.ts';
import type { Authority } from '../plan/choice-row.ts';
import type { Answers } from '../plan/schema.ts';
import type { Actuator, Clock, Execution, JobReader } from '../ports.ts';
import type { Looked, SessionState } from './schema.ts';

/** What a session needs of the world. Without an `actuator` everything but acting is the same: a dry run. */
export type SessionPorts = {
  readonly reader: Pick<JobReader, 'collect'>;
  readonly actuator?: Actuator;
  readonly authority: Authority;
  readonly clock: Clock;
  /** Answers that hold until a person gives another one: those of flags and of the configuration. */
  readonly standing?: Answers;
};

/** One session while it lives: its ports, its state and what is under way. */
export type SessionContext = SessionPorts & {
  readonly jobId: string;
  readonly state: () => SessionState;
  readonly become: (next: SessionState) => void;
  /** The answers with which the job was looked at last. */
  readonly looking: { answers: Answers };
  /**
   * What is being carried out; stop and detach are for it. `early` is a stop from before it had begun, and is kept once
   * consent was given: `isAwaited`.
   */
  readonly executing: {
    current: Execution | undefined;
    early: { readonly signal?: StopSignal } | undefined;
    isAwaited: boolean;
  };
};

/** What was seen last, in whatever state that is kept. */
export function pickLooked(state: SessionState): Looked | undefined {
  if (state.stage === 'refused') return state.looked;
  if (!('evidence' in state)) return undefined;
  const { evidence, diagnosis, proposals } = state;
  return { evidence, diagnosis, proposals };
}

/** Errors nobody has to answer for: nothing was asked of a job. */
const NOT_AUDITED: ReadonlySet<RecoveryError['code']> = new Set(['READ_ONLY', 'INTERNAL', 'JOB_UNKNOWN']);

/**
 * Becomes `refused`, and records the refusal in the audit chain.
 *
 * Source: design, rule 9 (refusals too).
 */
export async function refuse(
  context: SessionContext,
  thrown: unknown,
  asked: { readonly action: string; readonly planDigest?: string },
): Promise<void> {
  const error = toRecoveryError(thrown);
  const looked = pickLooked(context.state());
  if (!NOT_AUDITED.has(error.code)) {
    const refusal = { jobId: context.jobId, code: error.code, message: error.message, ...asked };
    // A refusal that cannot be recorded must still be told.
    try {
      await context.actuator?.recordRefusal(refusal);
    } catch {
      // What could not be recorded either (a full disk, a broken chain) is not the refusal's to tell.
    }
  }
  context.become({ stage: 'refused', error, ...(looked && { looked }) });
}
