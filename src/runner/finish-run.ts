import { type ErrorCode, toRecoveryError } from '../core/errors.ts';
import type { RunEnd } from '../core/execution/schema.ts';
import type { NativeStatus } from '../core/job/schema.ts';
import type { Clock, Faults } from '../core/ports.ts';
import type { HeldJob, JobStore } from '../store/contract.ts';
import type { JobRecord } from '../store/records.ts';
import type { JobWork, RunOutcome, UnitsEnd, WrittenResults } from './job-work.ts';

/** A run that is through with its units. */
export type FinishedUnits = {
  readonly store: JobStore;
  readonly held: HeldJob;
  readonly job: JobRecord;
  readonly work: Pick<JobWork, 'judgeEnd' | 'writeBack'>;
  readonly clock: Clock;
  /** Crash points: `before-rename`, `after-rename` of the rows file, `before-last-word`, `after-last-word`. */
  readonly faults: Faults;
  readonly units: UnitsEnd;
  /** Units in doubt that the verify hook was not asked about, since it did not answer. */
  readonly unasked?: number;
};

/**
 * Writes the results back, then says the last word on the run and lets the lease go, in one fenced transaction.
 *
 * Errors: LEASE_FENCED, STATE_UNWRITABLE, STATE_UNREACHABLE, STORE_REGRESSED. A failed write-back is an outcome, since the results are safe in the store.
 * Source: contract, job files (write_back: at the end and on halt); design, rule 7; decisions/0013.
 */
export async function finishRun(run: FinishedUnits): Promise<RunOutcome> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const { work, units, unasked = 0 } = run;
    const ended = work.judgeEnd({ units, unasked, counts: await run.held.counts() });
    const { outcome, written } = await writeBackResults(run, ended);
    run.faults.reach('before-last-word');
    // Whoever settles a row beside a runner leaves its rows file to it, up to the last word.
    const journalSequence = triesLeft > 1 ? written?.journalSequence : undefined;
    if (!(await sayLastWord(run, outcome, journalSequence))) continue;
    run.faults.reach('after-last-word');
    return outcome;
  }
}

/** How often results are written back anew because a row was settled meanwhile. */
const TRIES = 10;

/** Answers false, with nothing said, when the journal went on from `journalSequence`. */
function sayLastWord(
  { held, clock }: FinishedUnits,
  { end, error }: RunOutcome,
  journalSequence: number | undefined,
): Promise<boolean> {
  return held.finish({
    status: STATUSES[end],
    atMs: clock.nowMs(),
    ...(error && { error }),
    ...(journalSequence !== undefined && { journalSequence }),
  });
}

const STATUSES = {
  completed: 'completed',
  failed: 'failed',
  stopped: 'stopped',
  fenced: 'failed',
} as const satisfies Record<RunEnd, NativeStatus>;

/** After these nothing more can be said in the store; what was in hand is in doubt, as its intents say. */
export const LOSES_THE_STORE: readonly ErrorCode[] = ['STATE_UNWRITABLE', 'STATE_FULL', 'STATE_UNREACHABLE'];

/** A stop stays a stop when its results cannot be written back: the error is told, and they are safe in the store. */
async function writeBackResults(
  run: FinishedUnits,
  outcome: RunOutcome,
): Promise<{ readonly outcome: RunOutcome; readonly written?: WrittenResults }> {
  const { store, held, job, work, clock, faults } = run;
  if (!work.writeBack) return { outcome };
  try {
    return { outcome, written: await work.writeBack({ rows: store, job, clock, faults, change: held.change }) };
  } catch (thrown) {
    const error = toRecoveryError(thrown);
    if (error.code === 'LEASE_FENCED' || LOSES_THE_STORE.includes(error.code)) throw error;
    const code = error.code === 'INTERNAL' ? 'WRITE_BACK_FAILED' : error.code;
    const end = outcome.end === 'stopped' ? 'stopped' : 'failed';
    return { outcome: { end, error: outcome.error ?? { code, message: error.message } } };
  }
}
