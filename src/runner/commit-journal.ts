import { isRecoveryError, RecoveryError } from '../core/errors.ts';
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
  /** Ends the heartbeat; what is on its way is still waited for. */
  readonly close: () => Promise<void>;
};

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
}): CommitJournal {
  const { held, clock } = options;
  const heart = makeHeart(clock);
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let underWay: Promise<void> | undefined;
  let lost: { readonly reason: unknown } | undefined;
  const lose = (reason: unknown) => {
    if (lost) return;
    lost = { reason };
    options.onLost(reason);
  };
  const commitBatch = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (lost) return rejectAll(batch, lost.reason);
    try {
      const isDue = batch.length === 0 || heart.ageMs() >= BEAT_WITH_COMMIT_MS;
      const beat = isDue ? heart.beat() : undefined;
      await held.commit({ events: batch.map(({ news }) => news), ...(beat && { beatAtMs: beat.atMs }) });
      beat?.recorded();
    } catch (thrown) {
      const reason = withUnrecorded(thrown, batch);
      rejectAll(batch, reason);
      return lose(reason);
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
  }, BEAT_IDLE_MS);
  timer.unref();
  return {
    record: (news) =>
      new Promise((resolve, reject) => {
        waiting.push({ news, resolve, reject });
        schedule();
      }),
    async checkHeld() {
      if (heart.ageMs() >= FRESH_MS) await flush();
      if (lost) throw lost.reason;
      try {
        await held.checkHeld();
      } catch (thrown) {
        lose(thrown);
        throw thrown;
      }
    },
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
  let last = now();
  return {
    ageMs: () => Math.max(performance.now() - last.monotonicMs, Math.abs(clock.nowMs() - last.wallMs)),
    beat() {
      const next = now();
      const recorded = () => {
        last = next;
      };
      return { atMs: next.wallMs, recorded };
    },
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
