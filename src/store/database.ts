/** Opening the store: for writing, or for looking without changing a byte. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { type ErrorCode, RecoveryError } from '../core/errors.ts';
import { checkStoreVersion, migrateStore, STORE_VERSION } from './migrations.ts';

/** Name of the store's file in a state directory. */
export const STORE_FILE = 'salvor.db';

/** How long a writer waits for another one's transaction. */
const BUSY_TIMEOUT_MS = 20_000;
/** How often a look is repeated when a writer came in between. */
const LOOK_TRIES = 5;

/** Where the store of a state directory is. */
export function storePath(stateDirectory: string): string {
  return join(stateDirectory, STORE_FILE);
}

/**
 * Opens (and if need be creates) the store for writing: WAL, synchronous FULL, so that what was committed is on disk.
 *
 * Errors: STATE_UNWRITABLE, STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 */
export function openStore(stateDirectory: string): DatabaseSync {
  const path = storePath(stateDirectory);
  return translateErrors(path, () => {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      // The version is looked at first: a newer store must not even be switched to WAL.
      checkStoreVersion(database, path);
      database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON');
      migrateStore(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * Reads the store in one read transaction without changing a byte of the state directory.
 *
 * With a write-ahead log present the log is read through a private index; without one the file is read as it stands,
 * and read again when a writer appeared meanwhile. Returns undefined when there is no store.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 * Source: design, rule 1.
 */
export function lookAtStore<T>(stateDirectory: string, look: (database: DatabaseSync) => T): T | undefined {
  const path = storePath(stateDirectory);
  return translateErrors(path, () => {
    for (let triesLeft = LOOK_TRIES; ; triesLeft -= 1) {
      if (!statSync(path, { throwIfNoEntry: false })) return undefined;
      const opening = chooseOpening(path);
      // A writer that came in while the file was read as immutable can make it look old, or torn.
      const isFinal = () => !opening.immutable || !hasLog(path) || triesLeft <= 1;
      const found = lookOnce(path, opening.uri, look);
      if (!isFinal()) continue;
      if ('error' in found) throw found.error;
      return found.seen;
    }
  });
}

type Found<T> = { readonly seen: T | undefined } | { readonly error: unknown };

function lookOnce<T>(path: string, uri: string, look: (database: DatabaseSync) => T): Found<T> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(uri, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    database.exec('BEGIN');
    const ready = checkStoreVersion(database, path) === STORE_VERSION;
    return { seen: ready ? look(database) : undefined };
  } catch (error) {
    return { error };
  } finally {
    database?.close();
  }
}

function chooseOpening(path: string): { readonly uri: string; readonly immutable: boolean } {
  const base = pathToFileURL(path).href;
  if (!hasLog(path)) return { uri: `${base}?mode=ro&immutable=1`, immutable: true };
  const shared = existsSync(`${path}-shm`) ? '&readonly_shm=1' : '';
  return { uri: `${base}?mode=ro${shared}`, immutable: false };
}

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * Runs a change in one transaction that takes the write lock at once, so that what it reads stays true until it
 * commits. Anything thrown rolls everything back.
 *
 * Errors: what `change` throws; STATE_UNWRITABLE and STATE_CORRUPT from the store.
 */
export function changeStore<T>(database: DatabaseSync, change: () => T): T {
  return translateErrors(database.location() ?? 'the store', () => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  });
}

/** Primary SQLite result codes by what they mean for an operator. Source: sqlite.org, result codes. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  5: 'STATE_UNWRITABLE',
  6: 'STATE_UNWRITABLE',
  8: 'STATE_UNWRITABLE',
  10: 'STATE_UNWRITABLE',
  11: 'STATE_CORRUPT',
  13: 'STATE_UNWRITABLE',
  14: 'STATE_UNREADABLE',
  23: 'STATE_UNREADABLE',
  26: 'STATE_CORRUPT',
};
const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STATE_UNREADABLE',
  EPERM: 'STATE_UNREADABLE',
  ENOTDIR: 'STATE_UNREADABLE',
  EEXIST: 'STATE_UNREADABLE',
  EROFS: 'STATE_UNWRITABLE',
  ENOSPC: 'STATE_UNWRITABLE',
  EDQUOT: 'STATE_UNWRITABLE',
};

function translateErrors<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RecoveryError) throw error;
    const code = chooseCode(error);
    if (!code) throw error;
    throw new RecoveryError(code, `${path}: ${error.message}`, { cause: error, details: { path } });
  }
}

function chooseCode(error: Error): ErrorCode | undefined {
  if ('errcode' in error && typeof error.errcode === 'number') return CODES[error.errcode & 0xff];
  if ('code' in error && typeof error.code === 'string') return SYSTEM_CODES[error.code];
  return undefined;
}
