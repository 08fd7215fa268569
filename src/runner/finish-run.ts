import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import type { RunEnd } from '../core/execution/schema.ts';
import type { JobError, NativeStatus } from '../core/job/schema.ts';
import type { Clock, Faults } from '../core/ports.ts';
import { digestFile } from '../platform/digest-file.ts';
import { changeStore } from '../store/database.ts';
import { endRun, expectRowsFile, type JobRecord, updateRowsFile } from '../store/jobs.ts';
import { checkFence, releaseLease } from '../store/leases.ts';
import { countUnitsByStatus, readUnitRange } from '../store/units.ts';
import type { BatchSpec } from './job-file/schema.ts';
import type { RowValues } from './rows/row-values.ts';
import { writeBack } from './rows/write-back.ts';
import type { UnitsEnd } from './run-units.ts';

/** A run that is through with its units. */
export type FinishedUnits = {
  readonly database: DatabaseSync;
  readonly job: JobRecord;
  readonly spec: BatchSpec;
  readonly epoch: number;
  readonly clock: Clock;
  /** Crash points: `before-rename`, `after-rename` of the rows file, `before-last-word`, `after-last-word`. */
  readonly faults: Faults;
  readonly units: UnitsEnd;
};

/** How a run ended, as recorded. */
export type RunOutcome = { readonly end: RunEnd; readonly error?: JobError };

/**
 * Writes the results back, then says the last word on the run and lets the lease go, in one fenced transaction.
 *
 * Errors: LEASE_FENCED, STATE_UNWRITABLE. A failed write-back is an outcome, since the results are safe in the store.
 * Source: contract, job files (write_back: at the end and on halt); design, rule 7.
 */
export async function finishRun(run: FinishedUnits): Promise<RunOutcome> {
  const outcome = await writeBackResults(run, describeEnd(run));
  const { database, job, epoch, clock, faults } = run;
  faults.reach('before-last-word');
  changeStore(database, () => {
    checkFence(database, job.seq, epoch);
    const atMs = clock.nowMs();
    endRun(database, job.seq, { status: STATUSES[outcome.end], atMs, ...(outcome.error && { error: outcome.error }) });
    releaseLease(database, job.seq, { epoch, atMs });
  });
  faults.reach('after-last-word');
  return outcome;
}

const STATUSES = {
  completed: 'completed',
  failed: 'failed',
  stopped: 'stopped',
  fenced: 'failed',
} as const satisfies Record<RunEnd, NativeStatus>;

function describeEnd({ database, job, units }: FinishedUnits): RunOutcome {
  if (units.end === 'stopped') return { end: 'stopped' };
  const { failed, pending } = countUnitsByStatus(database, job.seq);
  if (units.end === 'halted' || failed > 0) return { end: 'failed', ...(units.error && { error: units.error }) };
  if (pending === 0) return { end: 'completed' };
  // Whatever took them from the run's sight, they were not done.
  const message = `the run came to its end with ${pending} rows still to do`;
  return { end: 'failed', error: { code: 'STATE_CONTRADICTION', message } };
}

async function writeBackResults(run: FinishedUnits, outcome: RunOutcome): Promise<RunOutcome> {
  const { database, job, spec, epoch } = run;
  if (spec.writeBack.length === 0 || outcome.end === 'stopped' || !job.rows) return outcome;
  const fenced = (change: () => void) =>
    changeStore(database, () => {
      checkFence(database, job.seq, epoch);
      change();
    });
  try {
    const found = await digestFile(spec.rowsPath);
    const { sha256, sizeBytes, sha256Expected } = job.rows;
    const expected = found.sha256 === sha256Expected ? found : { sha256, sizeBytes };
    const digest = await writeBack({
      spec,
      expected,
      readValues: (first, last) => readValues(run, first, last),
      beforeReplace: (next) => {
        fenced(() => expectRowsFile(database, job.seq, next.sha256));
        run.faults.reach('before-rename');
      },
    });
    run.faults.reach('after-rename');
    fenced(() => updateRowsFile(database, job.seq, digest));
    return outcome;
  } catch (thrown) {
    const error = toRecoveryError(thrown);
    if (error.code === 'LEASE_FENCED' || error.code === 'STATE_UNWRITABLE') throw error;
    const wrapped =
      error.code === 'INTERNAL' ? new RecoveryError('WRITE_BACK_FAILED', error.message, { cause: thrown }) : error;
    return { end: 'failed', error: outcome.error ?? { code: wrapped.code, message: wrapped.message } };
  }
}

function readValues({ database, job }: FinishedUnits, first: number, last: number): ReadonlyMap<number, RowValues> {
  return new Map(
    readUnitRange(database, job, { first, last })
      .filter((unit) => unit.status !== 'pending' || unit.attempts > 0)
      .map((unit) => [
        unit.number,
        {
          status: unit.status,
          attempts: String(unit.attempts),
          idempotency_key: unit.idempotencyKey,
          ...(unit.receipt !== undefined && { receipt: unit.receipt }),
          ...(unit.finishedAtMs !== undefined && { finished_at: new Date(unit.finishedAtMs).toISOString() }),
          ...(unit.error && { error: unit.error.message, error_code: unit.error.code }),
        },
      ]),
  );
}
