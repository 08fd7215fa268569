import type { DatabaseSync } from 'node:sqlite';
import { type ErrorCode, toRecoveryError } from '../core/errors.ts';
import type { RunEnd } from '../core/execution/schema.ts';
import { describeLeftInDoubt } from '../core/execution/unanswered.ts';
import type { JobError, NativeStatus } from '../core/job/schema.ts';
import type { Clock, Faults } from '../core/ports.ts';
import { readJournalSequence } from '../store/evidence-queries.ts';
import { changeJob } from '../store/high-water.ts';
import { endRun, type JobRecord } from '../store/jobs.ts';
import { checkFence, releaseLease } from '../store/leases.ts';
import { countUnitsByStatus } from '../store/units.ts';
import type { BatchSpec } from './job-file/schema.ts';
import type { UnitsEnd } from './run-units.ts';
import { type WrittenResults, writeBackJob } from './write-back-job.ts';

/** A run that is through with its units. */
export type FinishedUnits = {
  readonly database: DatabaseSync;
  readonly job: JobRecord;
  readonly spec: BatchSpec;
  readonly epoch: number;
  /** The job's own. */
  readonly directory: string;
  readonly clock: Clock;
  /** Crash points: `before-rename`, `after-rename` of the rows file, `before-last-word`, `after-last-word`. */
  readonly faults: Faults;
  readonly units: UnitsEnd;
  /** Units in doubt that the verify hook was not asked about, since it did not answer. */
  readonly unasked?: number;
};

/** How a run ended, as recorded. */
export type RunOutcome = { readonly end: RunEnd; readonly error?: JobError };

/**
 * Writes the results back, then says the last word on the run and lets the lease go, in one fenced transaction.
 *
 * Errors: LEASE_FENCED, STATE_UNWRITABLE, STORE_REGRESSED. A failed write-back is an outcome, since the results are safe in the store.
 * Source: contract, job files (write_back: at the end and on halt); design, rule 7; decisions/0013.
 */
export async function finishRun(run: FinishedUnits): Promise<RunOutcome> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const { outcome, written } = await writeBackResults(run, describeEnd(run));
    run.faults.reach('before-last-word');
    // Whoever settles a row beside a runner leaves its rows file to it, up to the last word.
    const sequence = triesLeft > 1 ? written?.journalSequence : undefined;
    if (!sayLastWord(run, outcome, sequence)) continue;
    run.faults.reach('after-last-word');
    return outcome;
  }
}

/** How often results are written back anew because a row was settled meanwhile. */
const TRIES = 10;

/** Answers false, with nothing said, when the journal went on from `sequence`. */
function sayLastWord(run: FinishedUnits, { end, error }: RunOutcome, sequence: number | undefined): boolean {
  const { database, job, epoch, directory, clock } = run;
  return changeJob(database, { jobId: job.id, directory }, () => {
    checkFence(database, job.seq, epoch);
    if (sequence !== undefined && readJournalSequence(database, job.seq) !== sequence) return false;
    const atMs = clock.nowMs();
    endRun(database, job.seq, { status: STATUSES[end], atMs, ...(error && { error }) });
    releaseLease(database, job.seq, { epoch, atMs });
    return true;
  });
}

const STATUSES = {
  completed: 'completed',
  failed: 'failed',
  stopped: 'stopped',
  fenced: 'failed',
} as const satisfies Record<RunEnd, NativeStatus>;

function describeEnd({ database, job, units, unasked }: FinishedUnits): RunOutcome {
  if (units.end === 'stopped') return { end: 'stopped' };
  const { failed, pending, in_doubt: inDoubt } = countUnitsByStatus(database, job.seq);
  if (units.end === 'halted' || failed > 0) return { end: 'failed', ...(units.error && { error: units.error }) };
  // They are asked about again by the next resume, so the job is not at its end.
  if (pending === 0 && inDoubt > 0) return { end: 'failed', error: describeLeftInDoubt(inDoubt, unasked ?? 0) };
  if (pending === 0) return { end: 'completed' };
  // Whatever took them from the run's sight, they were not done.
  const message = `the run came to its end with ${pending} rows still to do`;
  return { end: 'failed', error: { code: 'STATE_CONTRADICTION', message } };
}

/** After these nothing more can be said of the job in the store. */
const LOSES_THE_RUN: readonly ErrorCode[] = ['LEASE_FENCED', 'STATE_UNWRITABLE', 'STATE_FULL'];

/** A stop stays a stop when its results cannot be written back: the error is told, and they are safe in the store. */
async function writeBackResults(
  run: FinishedUnits,
  outcome: RunOutcome,
): Promise<{ readonly outcome: RunOutcome; readonly written?: WrittenResults }> {
  const { database, job, spec, epoch, faults } = run;
  if (spec.writeBack.length === 0) return { outcome };
  try {
    const guard = () => checkFence(database, job.seq, epoch);
    return { outcome, written: await writeBackJob({ database, jobId: job.id, spec, faults, guard }) };
  } catch (thrown) {
    const error = toRecoveryError(thrown);
    if (LOSES_THE_RUN.includes(error.code)) throw error;
    const code = error.code === 'INTERNAL' ? 'WRITE_BACK_FAILED' : error.code;
    const end = outcome.end === 'stopped' ? 'stopped' : 'failed';
    return { outcome: { end, error: outcome.error ?? { code, message: error.message } } };
  }
}
