import { setTimeout as delay } from 'node:timers/promises';

/** How long a state may take before the test fails. */
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 2;

/** Waits until something is so, and answers it; the limit only turns a hang into a failure. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false,
  limitMs: number = LIMIT_MS,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
