/** Files that are either the old one or the new one, whatever happens in between. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readProcessStat } from './process-probe.ts';

/** Appends bytes to the file being written. Errors: the system's, unchanged. */
export type WriteBytes = (bytes: Uint8Array) => void;

/**
 * Replaces a file by one whose content `writeBody` writes.
 *
 * The new content is written beside, synced, renamed over the old file, and the directory is synced: a crash at any
 * point leaves the whole old file or the whole new one. The old file's permission bits and, where that is allowed,
 * its owner are kept. When anything fails
 * the temporary file is removed and the old file is untouched; after a failed sync nothing is tried again.
 *
 * Shapes: `place` is handed what puts the new file in the old one's place, and may do so inside a transaction, or not
 *         at all.
 * Errors: the system's, unchanged.
 * Source: design, rule 4 (saving).
 */
export async function replaceFile(
  path: string,
  writeBody: (write: WriteBytes) => void | Promise<void>,
  place: (rename: () => void) => void | Promise<void> = (rename) => rename(),
): Promise<void> {
  removeLeftovers(path);
  const temporary = makeTemporaryPath(path);
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    try {
      await writeBody((bytes) => writeAll(descriptor, bytes));
      keepAttributes(descriptor, path);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    await place(() => {
      renameSync(temporary, path);
      syncDirectory(dirname(path));
    });
  } finally {
    // Renamed, it is no longer there.
    rmSync(temporary, { force: true });
  }
}

/** New content of a file, written and synced beside it. One of the two ends it. */
export type StagedFile = {
  /** Puts it in its place, durably. Errors: the system's. */
  readonly publish: () => void;
  /** Leaves the file as it is. Errors: none. */
  readonly discard: () => void;
};

/**
 * Writes what a file is to become and syncs it, so that only a rename is left to be done. The file is its owner's alone.
 *
 * Errors: the system's, unchanged; nothing is left then.
 */
export function stageFile(path: string, text: string): StagedFile {
  removeLeftovers(path);
  const temporary = makeTemporaryPath(path);
  const discard = () => rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeAll(descriptor, Buffer.from(text));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    discard();
    throw error;
  }
  const publish = () => {
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  };
  return { publish, discard };
}

function temporaryPrefix(path: string): string {
  return join(dirname(path), `.${basename(path)}.`);
}

/** A name of its own for every writing, also of two threads of one process; whoever opens it refuses one that is there. */
function makeTemporaryPath(path: string): string {
  const once = Math.floor(Math.random() * 2 ** 32);
  return `${temporaryPrefix(path)}${process.pid}-${once}.tmp`;
}

/** Removes what processes that died while they replaced this very file left beside it. */
function removeLeftovers(path: string): void {
  const prefix = basename(temporaryPrefix(path));
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(prefix) ? /^(\d+)-\d+\.tmp$/.exec(name.slice(prefix.length))?.[1] : undefined;
    const isKept = pid === undefined || readProcessStat(Number(pid)) !== undefined;
    if (!isKept) rmSync(join(dirname(path), name), { force: true });
  }
}

/** Replaces a file by a text. See `replaceFile`. */
export function replaceFileText(path: string, text: string): Promise<void> {
  return replaceFile(path, (write) => write(Buffer.from(text)));
}

/** Makes the names in a directory durable. Errors: the system's. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes all of it: near a full disk a write may return a smaller count without an error. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written, bytes.length - written);
}

function keepAttributes(descriptor: number, path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  try {
    if (stats) fchownSync(descriptor, stats.uid, stats.gid);
  } catch {
    // Only root can give a file away; the writer owns it then, as it owns everything else it writes.
  }
  fchmodSync(descriptor, stats ? stats.mode & 0o777 : 0o644);
}
