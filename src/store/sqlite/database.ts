/** Opening the store: for writing, or for looking without changing a byte. */
import { accessSync, chmodSync, closeSync, constants, existsSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { RecoveryError } from '../../core/errors.ts';
import { syncDirectoryNow } from '../../platform/files/sync-directory-now.ts';
import { statItself } from '../../platform/stat-itself.ts';
import { storePath } from '../state-directory.ts';
import { CHANGING, LOOKING } from '../translate-errors.ts';
import { checkStoreVersion, migrateStore, restoreIndexes } from './migrations.ts';
import { translateErrors, translateRejections } from './translate-errors.ts';

/** How long a writer waits for another one's transaction. */
const BUSY_TIMEOUT_MS = 20_000;
const TO_LOOK = { readOnly: true, timeout: BUSY_TIMEOUT_MS } as const;
/** How often a look is repeated when a writer came in between. */
const LOOK_TRIES = 20;
const LOOK_AGAIN_MS = 2;
/** Nobody wakes this up: a wait on it is a pause. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Whether a state directory has a store, or a link in its place. Errors: the system's, as operators meet them. */
function hasStore(stateDirectory: string): boolean {
  const path = storePath(stateDirectory);
  return translateErrors(path, () => statItself(path) !== undefined);
}

/**
 * Opens the store that a job was found in for writing. What vanished meanwhile is not made again.
 *
 * Errors: those of `openStore`; STATE_UNREADABLE when there is no store.
 */
export function openExistingStore(stateDirectory: string): DatabaseSync {
  if (hasStore(stateDirectory)) return openStore(stateDirectory);
  const path = storePath(stateDirectory);
  throw new RecoveryError('STATE_UNREADABLE', `${path} is not there`, { details: { path } });
}

/**
 * Opens (and if need be creates) the store for writing: WAL, synchronous FULL, so that what was committed is on disk.
 *
 * Errors: STATE_FULL, STATE_UNWRITABLE, STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 */
export function openStore(stateDirectory: string): DatabaseSync {
  const path = storePath(stateDirectory);
  return translateErrors(path, () => {
    makeDirectory(stateDirectory);
    // On a read-only file system SQLite would open the file for reading, and only the first change would tell.
    accessSync(stateDirectory, constants.W_OK);
    makePrivate(path);
    for (const beside of ['-wal', '-shm']) describeFile(`${path}${beside}`);
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      // The version is looked at first: a newer store must not even be switched to WAL.
      checkStoreVersion(database, path);
      closeToOthers(path);
      database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON');
      migrateStore(database, path);
      restoreIndexes(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Makes a directory and those above it, whatever the umask, so that their names are on disk before what is in them. */
function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  chmodSync(path, 0o700);
  for (let made = path; ; made = dirname(made)) {
    syncDirectoryNow(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Makes the file of a new store its owner's alone, whatever the umask and the directory. */
function makePrivate(path: string): void {
  if (describeFile(path) !== undefined) return;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // Another process was first.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/**
 * Closes a store that others may read, with its log and index; what is no store of Salvor is left as it is. A store
 * that is there is never opened past SQLite: closing it would drop the locks this process may hold on it.
 */
function closeToOthers(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats && (stats.mode & 0o077) !== 0 && stats.uid === process.getuid?.()) chmodSync(file, 0o600);
  }
}

/**
 * Reads the store in one read transaction without changing a byte of the state directory.
 *
 * With a write-ahead log present the log is read through the index its writers share, or, when that is not there (a
 * copied directory), through a private one in memory; without a log the file is read as it stands. What was read
 * alone is read again when a writer appeared meanwhile. Returns undefined when there is no store.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 * Source: design, rule 1.
 */
export function lookAtStore<T>(stateDirectory: string, look: (database: DatabaseSync) => T): T | undefined {
  const path = storePath(stateDirectory);
  const lookUntilSteady = () => {
    for (let triesLeft = LOOK_TRIES; ; triesLeft -= 1) {
      const attempt = prepareLook(path);
      if (!attempt) return checkNeverMade(path);
      const found = lookOnce(path, attempt.opening, look);
      if (triesLeft <= 1 || !isDisturbed(path, attempt, found)) return readFound(found);
      Atomics.wait(NEVER, 0, 0, LOOK_AGAIN_MS);
    }
  };
  return translateErrors(path, lookUntilSteady, LOOKING);
}

/** The same for a look that takes its time: `look` may be called again. */
export function lookLong<T>(
  stateDirectory: string,
  look: (database: DatabaseSync) => Promise<T>,
): Promise<T | undefined> {
  const path = storePath(stateDirectory);
  const lookUntilSteady = async () => {
    for (let triesLeft = LOOK_TRIES; ; triesLeft -= 1) {
      const attempt = prepareLook(path);
      if (!attempt) return checkNeverMade(path);
      const found = await lookOnceLong(path, attempt.opening, look);
      if (triesLeft <= 1 || !isDisturbed(path, attempt, found)) return readFound(found);
      await delay(LOOK_AGAIN_MS);
    }
  };
  return translateRejections(path, lookUntilSteady, LOOKING);
}

type Attempt = { readonly marks: Marks; readonly opening: Opening };

function prepareLook(path: string): Attempt | undefined {
  const marks = readMarks(path);
  return marks && { marks, opening: chooseOpening(path, marks) };
}

function readFound<T>(found: Found<T>): T | undefined {
  if ('error' in found) throw found.error;
  return found.seen;
}

/** Errors: STATE_CORRUPT for a store that is gone: directories of jobs come after it. */
function checkNeverMade(path: string): undefined {
  const hasJobs = existsSync(join(dirname(path), 'jobs'));
  // Asked again: it may have been made in between.
  if (!hasJobs || readMarks(path)) return undefined;
  const message = `${path} is not there, and directories of its jobs are`;
  throw new RecoveryError('STATE_CORRUPT', message, { details: { path } });
}

type Found<T> = { readonly seen: T | undefined } | { readonly error: unknown };

function lookOnce<T>(path: string, opening: Opening, look: (database: DatabaseSync) => T): Found<T> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(opening.uri, TO_LOOK);
    return { seen: isReady(database, opening, path) ? look(database) : undefined };
  } catch (error) {
    return { error };
  } finally {
    database?.close();
  }
}

async function lookOnceLong<T>(
  path: string,
  opening: Opening,
  look: (database: DatabaseSync) => Promise<T>,
): Promise<Found<T>> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(opening.uri, TO_LOOK);
    return { seen: isReady(database, opening, path) ? await look(database) : undefined };
  } catch (error) {
    return { error };
  } finally {
    database?.close();
  }
}

/**
 * Begins the read transaction of a store that was made; one of an earlier version is read as it is. The version is looked at before it: a store that is just being
 * made is looked at twice, and inside a transaction both looks would see the same.
 *
 * Errors: those of `checkStoreVersion`.
 */
function isReady(database: DatabaseSync, { prepare }: Opening, path: string): boolean {
  if (prepare !== '') database.exec(prepare);
  if (checkStoreVersion(database, path) === 0) return false;
  database.exec('BEGIN');
  return true;
}

/** What shows that somebody wrote: time and size of the store and of its log, and whether the log's index is there. */
type Marks = { readonly store: string; readonly log: string | undefined; readonly hasIndex: boolean };

function readMarks(path: string): Marks | undefined {
  const store = describeFile(path);
  if (store === undefined) return undefined;
  return { store, log: describeFile(`${path}-wal`), hasIndex: describeFile(`${path}-shm`) !== undefined };
}

/** A log of this size has a head and nothing in it. */
const EMPTY_LOG_BYTES = 32n;

/**
 * Time and size of a file that is there and, when it is the log, not empty. The files of a store are never opened past
 * SQLite: closing them would drop the locks this process may hold on them.
 */
function describeFile(path: string): string | undefined {
  const stats = statItself(path);
  // A link may lead to anybody's file, and a named pipe would be waited for, for ever.
  if (stats && !stats.isFile()) throw describeOdd(path, stats);
  if (!stats || (path.endsWith('-wal') && stats.size <= EMPTY_LOG_BYTES)) return undefined;
  return `${stats.mtimeNs} ${stats.size}`;
}

function describeOdd(path: string, stats: { readonly isSymbolicLink: () => boolean }): RecoveryError {
  const what = stats.isSymbolicLink() ? 'a symbolic link, and is not followed' : 'not a file';
  return new RecoveryError('STATE_UNREADABLE', `${path} is ${what}`, { details: { path } });
}

/** How a store is opened so that it stays as it is. `isShared`: with its writers, by SQLite's rules. */
type Opening = { readonly uri: string; readonly prepare: string; readonly isShared: boolean };

function chooseOpening(path: string, { log, hasIndex }: Marks): Opening {
  const base = `${pathToFileURL(path).href}?mode=ro`;
  if (log === undefined) return { uri: `${base}&immutable=1`, prepare: '', isShared: false };
  // The index is opened for writing: a writer that was killed may have left that of another log, and a reader that
  // cannot put it right waits for a writer. Log and store stay as they are.
  if (hasIndex) return { uri: base, prepare: '', isShared: true };
  // Without locks and with exclusive locking SQLite keeps an index of its own in memory.
  return { uri: `${base}&vfs=unix-none`, prepare: 'PRAGMA locking_mode=EXCLUSIVE; ', isShared: false };
}

/**
 * Whether a writer came in between: what was read alone may then be old, or torn. What is read together with writers
 * is whole; only the last of them, when it closes, takes away the log while it is being opened.
 */
function isDisturbed(path: string, { marks, opening }: Attempt, found: Found<unknown>): boolean {
  if (opening.isShared) return 'error' in found && !(found.error instanceof RecoveryError);
  const now = readMarks(path);
  return now?.store !== marks.store || now.log !== marks.log || now.hasIndex !== marks.hasIndex;
}

/**
 * Runs a change in one transaction that takes the write lock at once, so that what it reads stays true until it
 * commits. Anything thrown rolls everything back.
 *
 * Errors: what `change` throws; STATE_UNWRITABLE and STATE_CORRUPT from the store.
 */
export function changeStore<T>(database: DatabaseSync, change: () => T): T {
  return translateErrors(
    database.location() ?? 'the store',
    () => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = change();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    CHANGING,
  );
}

/** Reads a store that is open for change, in one snapshot. Errors: those of the store, as operators meet them. */
export function readSnapshot<T>(database: DatabaseSync, read: () => T): T {
  return readStore(database, () => {
    database.exec('BEGIN');
    try {
      return read();
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK');
    }
  });
}

/** The same for one statement, which is a snapshot of its own. */
export function readStore<T>(database: DatabaseSync, read: () => T): T {
  return translateErrors(database.location() ?? 'the store', read);
}
