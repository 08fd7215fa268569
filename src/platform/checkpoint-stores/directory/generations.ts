/** Moves of whole files between the names of a directory. At every instant one of them is a valid checkpoint. */
import type { CheckpointVerdict } from '../../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../../core/errors.ts';
import { digestFile } from '../../digest-file.ts';
import type { FileOperations } from '../../files/file-operations.ts';
import type { JudgedFiles } from './judged-files.ts';
import type { CheckpointLayout } from './layout.ts';

/** What the moves need. */
export type StoreContext = {
  readonly operations: FileOperations;
  readonly layout: CheckpointLayout;
  readonly judged: JudgedFiles;
};

/** Errors of a file system that has no second names for a file. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Looks at a generation that is about to be replaced.
 *
 * Errors: CHECKPOINT_NOT_SAVED when it is a link, a directory or the like, or cannot be read: what cannot be judged
 *         is not moved, and nothing is written through it.
 */
export async function judgeOld({ operations, judged }: StoreContext, path: string): Promise<CheckpointVerdict> {
  const { kind } = await operations.look(path);
  if (kind !== 'missing' && kind !== 'file') {
    throw new RecoveryError('CHECKPOINT_NOT_SAVED', `${path} is a ${kind}, and nothing is written through it`);
  }
  const verdict = await judged.judge(path);
  if (verdict.type === 'rejected' && verdict.code === 'CHECKPOINT_UNREADABLE') {
    throw new RecoveryError('CHECKPOINT_NOT_SAVED', `${path} cannot be judged: ${verdict.message}`);
  }
  return verdict;
}

/** Removes what savers that died left; only the holder of the lock may. Errors: the system's. */
export async function removeLeftovers({ operations, layout }: StoreContext): Promise<void> {
  for (const name of await operations.list(layout.directory)) {
    if (layout.isLeftover(name)) await operations.remove(`${layout.directory}/${name}`);
  }
}

/** Makes a file the fallback too; the primary keeps its name. Errors: the system's. */
export async function makeFallback({ operations, layout }: StoreContext, from: string): Promise<void> {
  try {
    await operations.link(from, layout.besideFallback);
  } catch (error) {
    if (!hasNoLinks(error)) throw error;
    await operations.rename(from, layout.fallback);
    // The primary's name is free now: what replaces it comes only after this is durable.
    await operations.syncDirectory(layout.directory);
    return;
  }
  await operations.rename(layout.besideFallback, layout.fallback);
  // Two names of one file are left as they are by rename: a saver died between fallback and primary.
  if ((await operations.look(layout.besideFallback)).kind !== 'missing') await operations.remove(layout.besideFallback);
}

/** Keeps a file under a name of its own, and answers that name. Errors: the system's. */
export async function keepAside({ operations, layout }: StoreContext, path: string): Promise<string> {
  const { sha256 } = await digestFile(path);
  const aside = layout.asidePath(sha256);
  try {
    await operations.link(path, aside);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return aside;
    if (!hasNoLinks(error)) throw error;
    await operations.rename(path, aside);
  }
  return aside;
}

function hasNoLinks(error: unknown): boolean {
  return NO_LINKS.has(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
