import type { TakenBack, TakenBackWord } from '../core/execution/unit-engine.ts';
import type { Clock } from '../core/ports.ts';
import type { CommitJournal } from './commit-journal.ts';

/** Failures of units that were accepted and taken back later in the same run. */
export type Refusals = {
  readonly takeBack: TakenBack;
  /** Why a unit is not to be tried again, or undefined. */
  readonly takenBack: (number: number) => TakenBackWord | undefined;
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
  const words = new Map<number, TakenBackWord>();
  const records: Promise<void>[] = [];
  return {
    takeBack({ number }, word) {
      // A receipt may come after a word without one, and is not lost for another word.
      words.set(number, { ...words.get(number), ...word });
      const record = journal.record({ type: 'taken_back', number, ...word, atMs: clock.nowMs() });
      // It is awaited at the end; until then a rejection is not lost, only waiting.
      record.catch(() => {});
      records.push(record);
    },
    takenBack: (number) => words.get(number),
    recorded: () => Promise.all(records),
  };
}
