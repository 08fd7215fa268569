import { closeSync, fsyncSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemFileOperations } from './file-operations.ts';
import { findLeftovers, makeTemporaryPath } from './temporary-name.ts';

/** New content of a file, written and synced beside it. One of the two ends it. */
export type StagedFile = {
  /** Puts it in its place, durably. Errors: the system's. */
  readonly publish: () => void;
  /** Leaves the file as it is. Errors: none. */
  readonly discard: () => void;
};

/**
 * Writes what a file is to become and syncs it, so that only a rename is left to be done: for a transaction, in which
 * nothing may be waited for. The file is its owner's alone.
 *
 * Errors: the system's, unchanged; nothing is left then.
 */
export function stageFile(path: string, text: string): StagedFile {
  for (const leftover of findLeftovers(path, readdirSync(dirname(path)))) rmSync(leftover, { force: true });
  const temporary = makeTemporaryPath(path);
  const discard = () => rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    discard();
    throw error;
  }
  return { publish: () => systemFileOperations.renameNow(temporary, path), discard };
}
