import { RecoveryError } from '../../core/errors.ts';
import { type HeldLock, tryLock } from '../../platform/lock-file.ts';
import { CHANGING } from '../translate-errors.ts';
import { translateErrors } from './translate-errors.ts';

/**
 * Takes a job's lock, or says that somebody holds it.
 *
 * Errors: LOCK_DAMAGED for what stands there and is no lock; STATE_FULL and STATE_UNWRITABLE with the system's reason.
 */
export function takeLock(path: string): HeldLock | undefined {
  try {
    return translateErrors(path, () => tryLock(path), CHANGING);
  } catch (thrown) {
    const isOther = !(thrown instanceof RecoveryError) || thrown.code === 'STATE_CORRUPT';
    if (!isOther) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new RecoveryError('LOCK_DAMAGED', `${reason}; ${path} is no lock`, { details: { path }, cause: thrown });
  }
}
