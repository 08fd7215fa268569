import { statfsSync } from 'node:fs';

/** SQLite's result code for a file that cannot grow. */
const SQLITE_FULL = 13;
/** SQLite's result codes that may hide a full disk: an error of reading or writing, and a file that cannot be opened. */
const SQLITE_HIDING: readonly unknown[] = [10, 14];
/** With less than this left a store cannot grow its log and the index of it. Unit: bytes. */
const NEEDED_BYTES = 64 * 1024;
/** Whoever acts makes the log of the store, the index of it, a mark and a report. */
const NEEDED_FILES = 4;

/**
 * Whether something failed because there is no room for it: the disk is full, or a quota is used up. `path` is where it
 * was to be written; it is asked for room when the error alone does not say.
 *
 * Errors: none.
 * Source: sqlite.org, result codes; errno(3).
 */
export function isOutOfSpace(thrown: unknown, path: string): boolean {
  if (!(thrown instanceof Error)) return false;
  if ('code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')) return true;
  if (!('errcode' in thrown) || typeof thrown.errcode !== 'number') return false;
  const code = thrown.errcode & 0xff;
  return code === SQLITE_FULL || (SQLITE_HIDING.includes(code) && isFull(path));
}

/** Whether a store at this path has no room to grow. A quota is not seen. Errors: none. */
export function isFull(path: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    return bavail * bsize < NEEDED_BYTES || (files > 0 && ffree < NEEDED_FILES);
  } catch {
    return false;
  }
}
