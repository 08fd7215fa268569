import { runUnit, type UnitEnd, type UnitPorts } from '../core/execution/run-unit.ts';
import type { BegunWork, UnitWork } from '../core/execution/unit-engine.ts';
import type { JobError } from '../core/job/schema.ts';
import type { HeldJob } from '../store/contract.ts';
import type { UnitCourse, UnitsEnd } from './job-work.ts';

/** What to run and how. `signal` asks to stop after the units in hand. */
export type UnitsRun = {
  readonly held: Pick<HeldJob, 'counts'>;
  /** Units that an earlier runner began, to be attached to before another is begun. */
  readonly begun?: AsyncIterator<BegunWork>;
  readonly course: UnitCourse;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly ports: UnitPorts;
  readonly onUnit: (unit: UnitWork | BegunWork, end: UnitEnd) => void;
};

/**
 * Runs units in the course of their job, as many at a time as asked for, until there is none or it halts; units in hand
 * are finished first.
 *
 * Errors: what the journal rejects with (LEASE_FENCED, STATE_UNWRITABLE, STATE_UNREACHABLE) and what the engine throws (RUN_FAILED);
 * STATE_CORRUPT when the input of a unit is gone.
 * Source: contract, job files (on_error, concurrency).
 */
export async function runUnits(run: UnitsRun): Promise<UnitsEnd> {
  const { ports, signal, course } = run;
  let begun = run.begun;
  /** The next unit; those that an earlier runner began come first. */
  const nextUnit = async (): Promise<UnitWork | BegunWork | undefined> => {
    if (begun) {
      const found = await begun.next();
      if (found.done !== true) return found.value;
      begun = undefined;
    }
    return course.next();
  };
  let halted = false;
  let lastError: JobError | undefined;
  let broken: { readonly reason: unknown } | undefined;
  const unsettled = new Set<Promise<void>>();

  const runOne = async (unit: UnitWork | BegunWork) => {
    const end = await runUnit(unit, ports);
    // The next unit's intent may share a transaction with this outcome, so its commit is awaited apart.
    unsettled.add(end.committed);
    end.committed.then(
      () => {
        unsettled.delete(end.committed);
        // What is told as done is on disk.
        run.onUnit(unit, end);
      },
      (reason: unknown) => {
        broken ??= { reason };
      },
    );
    if (end.error) lastError = end.error;
    if (!course.mayGoOn(unit, end)) halted = true;
  };
  const lane = async () => {
    while (!halted && !broken && !signal.aborted) {
      try {
        const unit = await nextUnit();
        if (!unit) return;
        await runOne(unit);
      } catch (reason) {
        broken ??= { reason };
      }
    }
  };
  await Promise.all(Array.from({ length: run.concurrency }, lane));
  await Promise.allSettled(unsettled);
  if (broken) throw broken.reason;
  const isStopped = signal.aborted && (begun !== undefined || (await isLeft(run)) || (halted && isBySignal(lastError)));
  return { end: isStopped ? 'stopped' : halted ? 'halted' : 'ran_out', ...(lastError && { error: lastError }) };
}

/** Whether units are left to run: those never taken, and those whose wait for another try was cut short. */
async function isLeft({ held }: UnitsRun): Promise<boolean> {
  return (await held.counts()).pending > 0;
}

/** A signal to the whole process group asks the run to stop and ends what it has in hand: that is a stop. */
function isBySignal(error: JobError | undefined): boolean {
  return error !== undefined && /^(SIGNAL_SIG(HUP|INT|TERM|KILL)|WORKER_DIED)$/.test(error.code);
}
