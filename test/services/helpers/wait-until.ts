import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 20;

/** Waits until what is asked of a server is so; the limit only turns a hang into a failure. */
export async function waitUntil(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
