/**
 * A lock that the kernel drops when its process dies and keeps while it is stopped: SQLite's exclusive lock on an
 * empty file, which is a POSIX lock that child processes do not inherit.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { statItself } from './stat-itself.ts';

/** SQLite's result code for a lock that somebody else holds. */
const SQLITE_BUSY = 5;
/** Whoever looks at the lock holds it shared for an instant; so long a look cannot keep the lock from being taken. */
const LOOKERS_MS = 200;

/** A held lock. */
export type HeldLock = { readonly release: () => void };

/**
 * Takes the lock, creating its file, or says that somebody holds it. A link is never followed: it is no lock.
 *
 * Units:  `lookersMs` is how long it blocks for those who look; 0 where nobody does.
 * Errors: the system's, when the file cannot be made.
 * Source: design, rule 2.
 */
export function tryLock(path: string, lookersMs = LOOKERS_MS): HeldLock | undefined {
  const problem = describeNoLock(path);
  if (problem !== undefined) throw new Error(problem);
  if (!statItself(path)) makePrivate(path);
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
  let database: DatabaseSync | undefined;
  try {
    const stats = statItself(path);
    if (!stats) return 'missing';
    // A link may lead anywhere, round in a circle too; a named pipe would be waited for, for ever.
    if (!stats.isFile()) return 'unreadable';
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.exec('BEGIN; SELECT count(*) FROM sqlite_master; COMMIT');
    return 'free';
  } catch (error) {
    return isBusy(error) ? 'held' : 'unreadable';
  } finally {
    database?.close();
  }
}

/** Says what stands in the place of a lock and is no file, or undefined; nothing is opened. Errors: the system's. */
export function describeNoLock(path: string): string | undefined {
  const stats = statItself(path);
  if (!stats || stats.isFile()) return undefined;
  return `${path} is ${stats.isSymbolicLink() ? 'a symbolic link' : 'not a file'}`;
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
