/** Files that are either the old one or the new one, whatever happens in between. */
import { dirname } from 'node:path';
import { type FileOperations, systemFileOperations } from './file-operations.ts';
import { makeFileWriter } from './make-file-writer.ts';
import { findLeftovers, makeTemporaryPath } from './temporary-name.ts';
import { removeBeside, writeBeside } from './write-beside.ts';

/** Appends bytes to the file being written. Errors: the system's, unchanged. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/**
 * How the new file takes the old one's place: `place` is handed what does it, durably and at once, and may do so inside a
 * transaction, or not at all.
 */
export type Replacing = {
  readonly place?: (rename: () => void) => void | Promise<void>;
  readonly operations?: FileOperations;
};

/** Of a file that was not there. */
const NEW_FILE = { mode: 0o644 };

/**
 * Replaces a file by one whose content `writeBody` writes.
 *
 * The new content is written beside, synced, renamed over the old file, and the directory is synced: a crash at any
 * point leaves the whole old file or the whole new one. The old file's permission bits and, where that is allowed,
 * its owner are kept. When anything fails the temporary file is removed and the old file is untouched; after a failed
 * sync nothing is tried again.
 *
 * Errors: the system's, unchanged.
 * Source: design, rule 4 (saving).
 */
export async function replaceFile(
  path: string,
  writeBody: (write: WriteBytes) => Promise<void>,
  { place, operations = systemFileOperations }: Replacing = {},
): Promise<void> {
  for (const leftover of findLeftovers(path, await operations.list(dirname(path)))) {
    await removeBeside(operations, leftover);
  }
  const temporary = makeTemporaryPath(path);
  const attributes = (await operations.readAttributes(path)) ?? NEW_FILE;
  await writeBeside(operations, { temporary, attributes }, async (file) => {
    const writer = makeFileWriter(file);
    await writeBody(writer.append);
    await writer.flush();
  });
  try {
    if (place) await place(() => operations.renameNow(temporary, path));
    else await moveDurably(operations, temporary, path);
  } catch (error) {
    // Renamed, it is no longer there.
    await removeBeside(operations, temporary);
    throw error;
  }
}

/** Replaces a file by bytes. See `replaceFile`. */
export function replaceFileBytes(path: string, bytes: Uint8Array, replacing?: Replacing): Promise<void> {
  return replaceFile(path, (write) => write(bytes), replacing);
}

/** Gives a file another name in the same or another directory. Errors: the system's. */
export async function moveDurably(operations: FileOperations, from: string, to: string): Promise<void> {
  await operations.rename(from, to);
  await operations.syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await operations.syncDirectory(dirname(from));
}
