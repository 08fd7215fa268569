import { setTimeout as delay } from 'node:timers/promises';
import { RecoveryError } from '../../core/errors.ts';

const LOOK_EVERY_MS = 5;
/** A state that takes longer than this will not come. */
const LIMIT_MS = 60_000;

/**
 * Waits until something is so. A commit tells nobody, and the last change of a store's files comes before what it
 * changes can be read, so this looks again.
 *
 * Errors: RUN_FAILED when it does not come; what `look` throws.
 */
export async function awaitState(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await look())) {
    if (performance.now() > end) throw new RecoveryError('RUN_FAILED', `waited in vain until ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
