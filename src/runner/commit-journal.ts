import type { DatabaseSync } from 'node:sqlite';
import { isRecoveryError, RecoveryError } from '../core/errors.ts';
import type { UnitNews } from '../core/execution/run-unit.ts';
import type { Clock } from '../core/ports.ts';
import { changeStore } from '../store/database.ts';
import { beatHeart, checkFence } from '../store/leases.ts';
import { makeUnitJournal } from '../store/unit-journal.ts';

/** A heartbeat is written with a commit when the last one is older than this. */
const BEAT_WITH_COMMIT_MS = 1_000;
/** While nothing is committed the heart beats this often. */
const BEAT_IDLE_MS = 5_000;

/** Writes news of units to disk, what arrives together in one transaction. */
export type CommitJournal = {
  /** Resolves once the news is on disk. Rejects with LEASE_FENCED, STATE_UNWRITABLE; after that everything rejects. */
  readonly record: (news: UnitNews) => Promise<void>;
  readonly close: () => void;
};

type Waiting = { readonly news: UnitNews; readonly resolve: () => void; readonly reject: (reason: unknown) => void };

/**
 * Makes the journal of one run. Every commit checks the fence first, so a runner that was taken over writes nothing.
 * After a failed commit nothing is tried again: what is on disk is then the only truth.
 *
 * Source: design, rules 4 (failed sync) and 7; decisions/0002 (grouped commits).
 */
export function makeCommitJournal(options: {
  readonly database: DatabaseSync;
  readonly jobSeq: number;
  readonly epoch: number;
  readonly clock: Clock;
  readonly onLost: (reason: unknown) => void;
}): CommitJournal {
  const { database, jobSeq, epoch, clock } = options;
  const journal = makeUnitJournal(database, jobSeq, epoch);
  let waiting: Waiting[] = [];
  let scheduled = false;
  let lost: { readonly reason: unknown } | undefined;
  let beatAtMs = clock.nowMs();

  const commit = (batch: readonly Waiting[]) => {
    const atMs = clock.nowMs();
    // A clock that was set back must not silence the heart.
    const beat = Math.abs(atMs - beatAtMs) >= BEAT_WITH_COMMIT_MS;
    changeStore(database, () => {
      checkFence(database, jobSeq, epoch);
      journal.begin();
      for (const { news } of batch) journal.append(news);
      if (beat) beatHeart(database, jobSeq, { epoch, atMs });
    });
    if (beat) beatAtMs = atMs;
  };
  const flush = () => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    if (lost) return rejectAll(batch, lost.reason);
    try {
      commit(batch);
    } catch (thrown) {
      const reason = withUnrecorded(thrown, batch);
      lost = { reason };
      rejectAll(batch, reason);
      options.onLost(reason);
      return;
    }
    for (const { resolve } of batch) resolve();
  };
  const timer = setInterval(() => {
    if (!scheduled && !lost) flush();
  }, BEAT_IDLE_MS);
  timer.unref();
  return {
    record: (news) =>
      new Promise((resolve, reject) => {
        waiting.push({ news, resolve, reject });
        if (scheduled) return;
        scheduled = true;
        // Whatever this turn of the event loop still brings goes into the same transaction.
        setImmediate(flush);
      }),
    close: () => clearInterval(timer),
  };
}

/** A receipt that could not be recorded is told with the error: it is the only trace of an effect. */
function withUnrecorded(thrown: unknown, batch: readonly Waiting[]): unknown {
  const receipts = batch.flatMap(({ news }) =>
    'receipt' in news && news.receipt !== undefined ? [`row ${news.number}: ${news.receipt}`] : [],
  );
  if (receipts.length === 0 || !isRecoveryError(thrown)) return thrown;
  const message = `${thrown.message}; these receipts could not be recorded: ${receipts.join(', ')}`;
  return new RecoveryError(thrown.code, message, { cause: thrown, details: { ...thrown.details, receipts } });
}

function rejectAll(batch: readonly Waiting[], reason: unknown): void {
  for (const { reject } of batch) reject(reason);
}
