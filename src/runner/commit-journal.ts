import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import type { UnitNews } from '../core/execution/run-unit.ts';
import type { Clock } from '../core/ports.ts';
import type { HeldJob } from '../store/contract.ts';

/** A heartbeat is written with a commit when the last one is older than this. */
const BEAT_WITH_COMMIT_MS = 1_000;
/** While nothing is committed the heart beats this often. */
const BEAT_IDLE_MS = 5_000;
/** A lease whose heartbeat is older is renewed before anything is done under it; others may take it from 60 s on. */
const FRESH_MS = 20_000;

/** Writes news of units to disk, what arrives together in one transaction. */
export type CommitJournal = {
  /**
   * Resolves once the news is on disk. Rejects with LEASE_FENCED, STATE_UNWRITABLE, STATE_UNREACHABLE; after that
   * everything rejects.
   */
  readonly record: (news: UnitNews) => Promise<void>;
  /**
   * Checks that the job is still held; call it right before an effect. What a run recorded a while ago proves nothing
   * any more: a process may have been stopped since, and its job taken over. Rejects as `record` does.
   */
  readonly checkHeld: () => Promise<void>;
  /** What a run is told that broke: why the journal was lost, with all that could not be recorded since, else `thrown`. */
  readonly explain: (thrown: unknown) => unknown;
  /** All that rows said and that could not be recorded. */
  readonly unrecorded: () => readonly Unrecorded[];
  /** Ends the heartbeat; what is on its way is still waited for. */
  readonly close: () => Promise<void>;
};

/** What a row said and is not on disk; without a receipt, that it is done. */
export type Unrecorded = { readonly number: number; readonly receipt?: string };

type Waiting = { readonly news: UnitNews; readonly resolve: () => void; readonly reject: (reason: unknown) => void };

/**
 * Makes the journal of one run. One commit is under way at a time; what arrives meanwhile goes into the next one. After a
 * failed commit nothing is tried again: what is on disk is then the only truth.
 *
 * Source: design, rules 4 (failed sync) and 7; decisions/0002 (grouped commits).
 */
export function makeCommitJournal(options: {
  readonly held: Pick<HeldJob, 'commit' | 'checkHeld'>;
  readonly clock: Clock;
  readonly onLost: (reason: unknown) => void;
  /** Told at once of all that a row says and that cannot be recorded. */
  readonly onUnrecorded?: (said: Unrecorded, reason: RecoveryError) => void;
}): CommitJournal {
  const { held, clock } = options;
  const heart = makeHeart(clock);
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let underWay: Promise<void> | undefined;
  let lost: { readonly cause: RecoveryError; readonly reason: RecoveryError } | undefined;
  const { unrecorded, keep } = makeUnrecorded(options.onUnrecorded);
  const lose = (thrown: unknown, batch: readonly Waiting[]): RecoveryError => {
    const cause = lost?.cause ?? toRecoveryError(thrown);
    const reason = keep(batch, cause);
    if (lost) return lost.reason;
    lost = { cause, reason };
    options.onLost(reason);
    return reason;
  };
  const commitBatch = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      if (lost) throw lost.cause;
      const isDue = batch.length === 0 || heart.ageMs() >= BEAT_WITH_COMMIT_MS;
      const beat = isDue ? heart.beat() : undefined;
      await held.commit({ events: batch.map(({ news }) => news), ...(beat && { beatAtMs: beat.atMs }) });
      beat?.recorded();
    } catch (thrown) {
      return rejectAll(batch, lose(thrown, batch));
    }
    for (const { resolve } of batch) resolve();
  };
  const flush = (): Promise<void> => {
    isScheduled = false;
    underWay ??= commitBatch().finally(() => {
      underWay = undefined;
      if (waiting.length > 0) schedule();
    });
    return underWay;
  };
  const isBusy = () => isScheduled || underWay !== undefined;
  // Whatever this turn of the event loop still brings goes into the same transaction.
  const schedule = () => {
    if (isBusy()) return;
    isScheduled = true;
    setImmediate(flush);
  };
  const timer = setInterval(() => {
    if (!isBusy() && !lost) void flush();
  }, BEAT_IDLE_MS).unref();
  return {
    record: (news) =>
      new Promise((resolve, reject) => {
        waiting.push({ news, resolve, reject });
        schedule();
      }),
    async checkHeld() {
      // What is under way may have begun before this process was stopped, and says nothing of now.
      while (!lost && heart.ageMs() >= FRESH_MS) await flush();
      if (lost) throw lost.reason;
      try {
        await held.checkHeld();
      } catch (thrown) {
        throw lose(thrown, []);
      }
    },
    unrecorded: () => unrecorded,
    explain: (thrown) => (lost ? withUnrecorded(lost.cause, unrecorded) : thrown),
    async close() {
      clearInterval(timer);
      await underWay;
    },
  };
}

/** A beat on its way to disk. */
type Beat = { readonly atMs: number; readonly recorded: () => void };

/** Knows how long ago this run last said that it lives. */
function makeHeart(clock: Clock): { readonly ageMs: () => number; readonly beat: () => Beat } {
  // A clock that is set back or forth says nothing of how long ago something was; the other stands still in sleep.
  const now = () => ({ wallMs: clock.nowMs(), monotonicMs: performance.now() });
  // When the job was taken is not when this begins: the first commit says that the run lives.
  let last: ReturnType<typeof now> | undefined;
  return {
    ageMs: () =>
      last ? Math.max(performance.now() - last.monotonicMs, Math.abs(clock.nowMs() - last.wallMs)) : Infinity,
    beat() {
      const next = now();
      const recorded = () => {
        last = next;
      };
      return { atMs: next.wallMs, recorded };
    },
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
