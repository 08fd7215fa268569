import { setTimeout as wait } from 'node:timers/promises';
import { RecoveryError } from '../../../core/errors.ts';
import type { FileOperations } from '../../files/file-operations.ts';
import { type HeldLock, tryLock } from '../../lock-file.ts';
import type { CheckpointLayout } from './layout.ts';

/** How often a held lock is tried again. The kernel tells nobody when it drops one. */
const RETRY_MS = 10;

/**
 * Takes the one lock of the savers of a directory; the kernel drops it when its process dies.
 *
 * Units:  `waitMs` is how long a saver that is at work is waited for.
 * Errors: CHECKPOINT_BUSY when it still is; CHECKPOINT_NOT_SAVED when the lock is no plain file; the system's.
 */
export async function lockDirectory(
  operations: FileOperations,
  layout: CheckpointLayout,
  waitMs: number,
): Promise<HeldLock> {
  const { kind } = await operations.look(layout.lock);
  if (kind !== 'missing' && kind !== 'file') {
    throw new RecoveryError('CHECKPOINT_NOT_SAVED', `${layout.lock} is a ${kind}, and nothing is written through it`);
  }
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const lock = tryLock(layout.lock, 0);
    if (lock !== undefined) return lock;
    if (waitedMs >= waitMs) {
      throw new RecoveryError('CHECKPOINT_BUSY', `another program is saving a checkpoint in ${layout.directory}`);
    }
    await wait(RETRY_MS);
  }
}
