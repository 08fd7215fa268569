/**
 * A lock that the kernel drops when its process dies and keeps while it is stopped: SQLite's exclusive lock on an
 * empty file, which is a POSIX lock that child processes do not inherit.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's result code for a lock that somebody else holds. */
const SQLITE_BUSY = 5;
/** Whoever looks at the lock holds it shared for an instant; so long a look cannot keep the lock from being taken. */
const LOOKERS_MS = 200;

/** A held lock. */
export type HeldLock = { readonly release: () => void };

/**
 * Takes the lock, creating its file, or says that somebody holds it.
 *
 * Units:  `lookersMs` is how long it blocks for those who look; 0 where nobody does.
 * Errors: the system's, when the file cannot be made.
 * Source: design, rule 2.
 */
export function tryLock(path: string, lookersMs = LOOKERS_MS): HeldLock | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && !stats.isFile()) throw new Error(`${path} is not a file`);
  if (!stats) makePrivate(path);
  const database = new DatabaseSync(path, { timeout: lookersMs });
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** Looks whether somebody holds the lock, without taking or creating anything. */
export function probeLock(path: string): 'held' | 'free' | 'missing' | 'unreadable' {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 'missing';
  // A named pipe would be waited for, for ever.
  if (!stats.isFile()) return 'unreadable';
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.exec('BEGIN; SELECT count(*) FROM sqlite_master; COMMIT');
    return 'free';
  } catch (error) {
    return isBusy(error) ? 'held' : 'unreadable';
  } finally {
    database?.close();
  }
}

/** Makes the file its owner's alone; SQLite would follow the umask. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // Another process was first.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
