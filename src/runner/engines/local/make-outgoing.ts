import type { ChildProcess } from 'node:child_process';

/** Requests on their way to a worker. */
export type Outgoing = {
  readonly push: (id: number, line: string) => void;
  /** Ids of the requests that were never written. */
  readonly takeBack: () => readonly number[];
};

/**
 * Gathers requests and writes them when the turn is over, as long as the pipe takes them.
 *
 * `beforeWrite` rejects when nothing may be written any more; the requests waiting then are refused with its reason.
 * Errors: none.
 */
export function makeOutgoing(
  child: ChildProcess,
  ask: {
    readonly beforeWrite: () => Promise<void>;
    readonly onRefused: (ids: readonly number[], reason: unknown) => void;
  },
): Outgoing {
  let waiting: { readonly id: number; readonly line: string }[] = [];
  let [scheduled, full, asking] = [false, false, false];
  const takeBack = () => waiting.splice(0).map(({ id }) => id);
  const flush = async (): Promise<void> => {
    scheduled = false;
    if (asking || full || waiting.length === 0 || !child.stdin?.writable) return;
    asking = true;
    try {
      await ask.beforeWrite();
    } catch (thrown) {
      ask.onRefused(takeBack(), thrown);
      return;
    } finally {
      asking = false;
    }
    // The worker may have ended meanwhile, and what waited was taken back then.
    if (waiting.length === 0 || !child.stdin.writable) return;
    const text = waiting.map(({ line }) => line).join('');
    waiting = [];
    full = !child.stdin.write(text);
  };
  child.stdin?.on('drain', () => {
    full = false;
    void flush();
  });
  child.stdin?.on('error', () => {
    // Whoever closed it is told by the streams or the exit of the worker.
  });
  return {
    push(id, line) {
      waiting.push({ id, line });
      if (scheduled) return;
      scheduled = true;
      process.nextTick(() => void flush());
    },
    takeBack,
  };
}
