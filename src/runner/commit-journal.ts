import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import type { UnitNews } from '../core/execution/run-unit.ts';
import type { Clock } from '../core/ports.ts';
import { changeStore, readStore } from '../store/database.ts';
import type { JournalMark } from '../store/high-water.ts';
import { beatHeart, checkEpoch, checkFence, prepareEpochReader } from '../store/leases.ts';
import { makeUnitJournal } from '../store/unit-journal.ts';

/** A heartbeat is written with a commit when the last one is older than this. */
const BEAT_WITH_COMMIT_MS = 1_000;
/** While nothing is committed the heart beats this often. */
const BEAT_IDLE_MS = 5_000;
/** A lease whose heartbeat is older is renewed before anything is done under it; others may take it from 60 s on. */
const FRESH_MS = 20_000;

/** Writes news of units to disk, what arrives together in one transaction. */
export type CommitJournal = {
  /** Resolves once the news is on disk. Rejects with LEASE_FENCED, STATE_UNWRITABLE; after that everything rejects. */
  readonly record: (news: UnitNews) => Promise<void>;
  /**
   * Checks that the job is still held; call it right before an effect. What a run recorded a while ago proves nothing
   * any more: a process may have been stopped since, and its job taken over. Throws LEASE_FENCED, STATE_UNWRITABLE.
   */
  readonly checkHeld: () => void;
  /** What a run is told that broke: why the journal was lost, with all that could not be recorded since, else `thrown`. */
  readonly explain: (thrown: unknown) => unknown;
  /** All that rows said and that could not be recorded. */
  readonly unrecorded: () => readonly Unrecorded[];
  readonly close: () => void;
};

/** What a row said and is not on disk; without a receipt, that it is done. */
export type Unrecorded = { readonly number: number; readonly receipt?: string };

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
  /** Told how far the journal is after every commit, before anybody acts on it. */
  readonly mark: Pick<JournalMark, 'write'>;
  readonly clock: Clock;
  readonly onLost: (reason: unknown) => void;
  /** Told at once of all that a row says and that cannot be recorded. */
  readonly onUnrecorded?: (said: Unrecorded, reason: RecoveryError) => void;
}): CommitJournal {
  const { database, jobSeq, epoch, mark, clock } = options;
  const journal = makeUnitJournal(database, jobSeq, epoch);
  let waiting: Waiting[] = [];
  let scheduled = false;
  let lost: { readonly cause: RecoveryError; readonly reason: RecoveryError } | undefined;
  const { unrecorded, keep } = makeUnrecorded(options.onUnrecorded);
  let beatAtMs = clock.nowMs();
  // A clock that is set back or forth says nothing of how long ago something was, and this one does.
  let beatMonotonicMs = performance.now();
  const readHeldEpoch = prepareEpochReader(database, jobSeq);

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
    mark.write(journal.sequence());
    if (!beat) return;
    beatAtMs = atMs;
    beatMonotonicMs = performance.now();
  };
  /** How long ago this run last said that it lives; the longer of what two clocks say, since one stands still in sleep. */
  const measureBeatAge = () => Math.max(performance.now() - beatMonotonicMs, Math.abs(clock.nowMs() - beatAtMs));
  const lose = (thrown: unknown, batch: readonly Waiting[]) => {
    const cause = toRecoveryError(thrown);
    lost = { cause, reason: keep(batch, cause) };
    options.onLost(lost.reason);
    return lost.reason;
  };
  const flush = () => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    try {
      if (lost) keep(batch, lost.cause);
      else commit(batch);
    } catch (thrown) {
      lose(thrown, batch);
    }
    if (lost) return rejectAll(batch, lost.reason);
    for (const { resolve } of batch) resolve();
  };
  const timer = setInterval(() => {
    if (!scheduled && !lost) flush();
  }, BEAT_IDLE_MS).unref();
  return {
    record: (news) =>
      new Promise((resolve, reject) => {
        waiting.push({ news, resolve, reject });
        if (scheduled) return;
        scheduled = true;
        // Whatever this turn of the event loop still brings goes into the same transaction.
        setImmediate(flush);
      }),
    checkHeld() {
      if (lost) throw lost.reason;
      try {
        if (measureBeatAge() < FRESH_MS) checkEpoch(readStore(database, readHeldEpoch), epoch);
        else commit([]);
      } catch (thrown) {
        throw lose(thrown, []);
      }
    },
    unrecorded: () => unrecorded,
    explain: (thrown) => (lost ? withUnrecorded(lost.cause, unrecorded) : thrown),
    close: () => clearInterval(timer),
  };
}

/** Makes the record of what could not be recorded, each once; `keep` answers the error that names it all. */
function makeUnrecorded(onUnrecorded: ((said: Unrecorded, reason: RecoveryError) => void) | undefined) {
  const unrecorded: Unrecorded[] = [];
  const keep = (batch: readonly Waiting[], cause: RecoveryError) => {
    for (const said of batch.flatMap(({ news }) => pickUnrecorded(news))) {
      if (unrecorded.some((one) => one.number === said.number && one.receipt === said.receipt)) continue;
      unrecorded.push(said);
      onUnrecorded?.(said, cause);
    }
    return withUnrecorded(cause, unrecorded);
  };
  return { unrecorded, keep };
}

function pickUnrecorded(news: UnitNews): readonly Unrecorded[] {
  const { number } = news;
  if ('receipt' in news && news.receipt !== undefined) return [{ number, receipt: news.receipt }];
  return news.type === 'done' ? [{ number }] : [];
}

/** What could not be recorded is told with the error: it is the only trace of an effect. */
function withUnrecorded(cause: RecoveryError, unrecorded: readonly Unrecorded[]): RecoveryError {
  if (unrecorded.length === 0) return cause;
  const receipts = unrecorded.flatMap(({ number, receipt }) =>
    receipt === undefined ? [] : [`row ${number}: ${receipt}`],
  );
  const done = unrecorded.flatMap(({ number, receipt }) => (receipt === undefined ? [`row ${number}`] : []));
  const said = [
    ...(receipts.length > 0 ? [`these receipts could not be recorded: ${receipts.join(', ')}`] : []),
    ...(done.length > 0 ? [`that these are done could not be recorded: ${done.join(', ')}`] : []),
  ];
  const details = { ...cause.details, receipts, ...(done.length > 0 && { done }) };
  return new RecoveryError(cause.code, [cause.message, ...said].join('; '), { cause, details });
}

function rejectAll(batch: readonly Waiting[], reason: unknown): void {
  for (const { reject } of batch) reject(reason);
}
