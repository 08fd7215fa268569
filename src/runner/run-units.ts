import { runUnit, type UnitEnd, type UnitPorts } from '../core/execution/run-unit.ts';
import type { UnitWork } from '../core/execution/unit-engine.ts';
import type { JobError } from '../core/job/schema.ts';
import type { HeldJob } from '../store/contract.ts';
import type { PendingUnit } from '../store/records.ts';

/** How many pending units are read from the store at a time. */
const PAGE_UNITS = 500;

/** How running the units ended; `error` is the last one met. */
export type UnitsEnd = { readonly end: 'ran_out' | 'halted' | 'stopped'; readonly error?: JobError };

/** What to run and how. `signal` asks to stop after the units in hand. */
export type UnitsRun = {
  readonly held: Pick<HeldJob, 'pending' | 'counts'>;
  readonly concurrency: number;
  readonly onError: 'halt' | 'continue';
  readonly signal: AbortSignal;
  readonly ports: UnitPorts;
  readonly onUnit: (unit: UnitWork, end: UnitEnd) => void;
};

/**
 * Runs every pending unit in order of number, as many at a time as asked for. A unit that did not succeed halts the
 * run when the job says so; units in hand are finished first.
 *
 * Errors: what the journal rejects with (LEASE_FENCED, STATE_UNWRITABLE, STATE_UNREACHABLE) and what the engine throws (RUN_FAILED);
 * STATE_CORRUPT when the input of a unit is gone.
 * Source: contract, job files (on_error, concurrency).
 */
export async function runUnits(run: UnitsRun): Promise<UnitsEnd> {
  const { ports, signal } = run;
  const nextUnit = makeUnitQueue(run.held);
  let halted = false;
  let lastError: JobError | undefined;
  let broken: { readonly reason: unknown } | undefined;
  const unsettled = new Set<Promise<void>>();

  const runOne = async (unit: UnitWork) => {
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
    if (end.type !== 'done' && end.type !== 'postponed' && run.onError === 'halt') halted = true;
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
  const isStopped = signal.aborted && ((await isLeft(run)) || (halted && isBySignal(lastError)));
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

/** Hands out pending units one by one, reading a page at a time for all lanes; each unit once in a run. */
function makeUnitQueue(held: UnitsRun['held']): () => Promise<UnitWork | undefined> {
  let page: readonly PendingUnit[] = [];
  let at = 0;
  let lastNumber = 0;
  let reading: Promise<void> | undefined;
  const readOn = async () => {
    page = await held.pending({ number: lastNumber, limit: PAGE_UNITS });
    // Kept when there is no more: a row that comes back in this run is for the next one.
    lastNumber = page.at(-1)?.number ?? lastNumber;
    at = 0;
    reading = undefined;
  };
  return async () => {
    while (at >= page.length) {
      reading ??= readOn();
      await reading;
      if (page.length === 0) return undefined;
    }
    const unit = page[at];
    at += 1;
    if (!unit) return undefined;
    const { number, key, dataJson: rowJson, attempts, idempotencyKey } = unit;
    return { number, key, rowJson, attempt: attempts + 1, idempotencyKey };
  };
}
