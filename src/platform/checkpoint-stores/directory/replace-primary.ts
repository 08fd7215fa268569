/** The frame of everything that replaces a primary: lock, write beside, sync, move, sync the directory. */
import { isRecoveryError, RecoveryError } from '../../../core/errors.ts';
import type { WritableFile } from '../../files/file-operations.ts';
import { makeDirectory } from '../../files/make-directory.ts';
import { removeBeside, writeBeside } from '../../files/write-beside.ts';
import { removeLeftovers, type StoreContext } from './generations.ts';
import { lockDirectory } from './lock-directory.ts';
import { takeTurn } from './take-turn.ts';

/** How the content comes, and what happens to the generations before it takes the primary's place. */
export type Replacement<Written> = {
  readonly write: (file: WritableFile) => Promise<Written>;
  /** Moves the old generations; the new content is durable under `layout.beside` by then. Answers the names kept. */
  readonly rotate: (context: StoreContext, written: Written) => Promise<readonly string[]>;
};

/** What replacing did: what was written, and the files kept under names of their own. */
export type Replaced<Written> = { readonly written: Written; readonly setAside: readonly string[] };

/** Where, by which system calls, and how long another saver is waited for. */
export type ReplaceOptions = StoreContext & { readonly waitMs: number };

/**
 * Replaces the primary of a directory by new content. In one process they happen in the order they were asked for.
 *
 * Errors: those of `write` and `rotate`, CHECKPOINT_BUSY, and CHECKPOINT_NOT_SAVED for any other, with its cause. The
 *         file beside is removed and nothing is tried again after a failed sync.
 * Source: design, rule 4 (saving).
 */
export function replacePrimary<Written>(
  options: ReplaceOptions,
  replacement: Replacement<Written>,
): Promise<Replaced<Written>> {
  return takeTurn(options.layout.directory, () => replaceInTurn(options, replacement));
}

async function replaceInTurn<Written>(
  { waitMs, ...context }: ReplaceOptions,
  replacement: Replacement<Written>,
): Promise<Replaced<Written>> {
  const { operations, layout } = context;
  const { directory } = layout;
  try {
    await makeDirectory(operations, directory);
    const lock = await lockDirectory(operations, layout, waitMs);
    try {
      await removeLeftovers(context);
      return await replaceLocked(context, replacement);
    } finally {
      lock.release();
    }
  } catch (error) {
    if (isRecoveryError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new RecoveryError('CHECKPOINT_NOT_SAVED', `the checkpoint was not saved in ${directory}: ${why}`, {
      cause: error,
      details: { directory },
    });
  }
}

async function replaceLocked<Written>(
  context: StoreContext,
  { write, rotate }: Replacement<Written>,
): Promise<Replaced<Written>> {
  const { operations, layout } = context;
  const old = await operations.look(layout.primary);
  const attributes = old.kind === 'file' ? { mode: old.mode } : undefined;
  const written = await writeBeside(operations, { temporary: layout.beside, attributes }, write);
  let setAside: readonly string[];
  try {
    setAside = await rotate(context, written);
    await operations.rename(layout.beside, layout.primary);
  } catch (error) {
    await removeBeside(operations, layout.beside);
    throw error;
  }
  await operations.syncDirectory(layout.directory);
  return { written, setAside };
}
