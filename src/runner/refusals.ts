import type { TakenBack, UnitEngine, UnitOutcome } from '../core/execution/unit-engine.ts';
import type { JobError } from '../core/job/schema.ts';
import type { Clock } from '../core/ports.ts';
import type { CommitJournal } from './commit-journal.ts';

/** Failures of units that were accepted and taken back later in the same run. */
export type Refusals = {
  readonly takeBack: TakenBack;
  /** Why a unit is not to be tried again, or undefined. */
  readonly takenBack: (number: number) => JobError | undefined;
  /** The engine, which no longer performs what was taken back. */
  readonly withhold: (engine: UnitEngine) => UnitEngine;
  /** Resolves when all that was taken back is on disk. */
  readonly recorded: () => Promise<unknown>;
};

/**
 * Makes the record of what a run takes back: each is on disk at once, and whatever was about to try the unit again finds
 * that its outcome is unknown.
 *
 * Errors: `recorded` rejects with what the journal rejects with.
 * Source: design, rule 6; decisions/0020.
 */
export function makeRefusals(journal: Pick<CommitJournal, 'record'>, clock: Clock): Refusals {
  const words = new Map<number, Extract<UnitOutcome, { type: 'unknown' }>>();
  const records: Promise<void>[] = [];
  return {
    takeBack({ number }, word) {
      words.set(number, { type: 'unknown', ...word });
      const record = journal.record({ type: 'taken_back', number, ...word, atMs: clock.nowMs() });
      // It is awaited at the end; until then a rejection is not lost, only waiting.
      record.catch(() => {});
      records.push(record);
    },
    takenBack: (number) => words.get(number)?.error,
    withhold: (engine) => ({
      ...engine,
      perform: async (work, onReceipt) => words.get(work.number) ?? engine.perform(work, onReceipt),
    }),
    recorded: () => Promise.all(records),
  };
}
