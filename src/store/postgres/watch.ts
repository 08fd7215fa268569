import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from './session.ts';
import { openSession } from './session.ts';
import type { Settings } from './settings.ts';

/** How soon a session that was lost is made again, and how long at most it is waited then. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** The channel that the changes of a store are told on; its name has room for 63 bytes. */
export function describeChannel({ schema }: Settings): string {
  return `salvor ${schema}`.slice(0, 31);
}

/**
 * Calls back when the server says that jobs changed, and whenever a lost session is there again: nobody knows what was
 * missed. Returns how to stop. Errors: none.
 */
export function watchStore(settings: Settings, onChange: () => void): () => void {
  const stop = new AbortController();
  let session: Session | undefined;
  const listen = async (): Promise<void> => {
    const lost = Promise.withResolvers<void>();
    session = await openSession(settings);
    if (stop.signal.aborted) return session.close();
    session.keepAlive(false);
    session.onLost(lost.resolve);
    session.onNotice(onChange);
    await session.query(`LISTEN "${describeChannel(settings).replaceAll('"', '""')}"`);
    onChange();
    await lost.promise;
  };
  const keepListening = async () => {
    for (let waitMs = RETRY_MS; !stop.signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      const startedAtMs = performance.now();
      await listen().catch(() => {});
      if (performance.now() - startedAtMs > LONGEST_RETRY_MS) waitMs = RETRY_MS;
      await delay(waitMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
    }
  };
  void keepListening();
  return () => {
    stop.abort();
    void session?.close();
  };
}
