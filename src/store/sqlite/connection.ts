import type { DatabaseSync } from 'node:sqlite';
import { type ProcessIdentity, readOwnIdentity } from '../../platform/process-probe.ts';
import type { StoreOptions } from '../contract.ts';
import { lookAtStore, openExistingStore, openStore, readSnapshot } from './database.ts';

/** The one way to the database of a state directory: it is opened for writing at the first change, and then kept. */
export type Connection = {
  readonly stateDirectory: string;
  readonly nowMs: () => number;
  readonly identity: () => ProcessIdentity;
  /** Reads in one snapshot; changes nothing. Undefined when there is no store. */
  readonly read: <T>(look: (database: DatabaseSync) => T) => T | undefined;
  /** Opens a store that is there. Errors: those of `openExistingStore`. */
  readonly open: () => DatabaseSync;
  /** Opens a store, and makes it when it is not there. Errors: those of `openStore`. */
  readonly make: () => DatabaseSync;
  readonly close: () => void;
};

/** Makes the connection; nothing is opened yet. */
export function makeConnection(stateDirectory: string, options: StoreOptions): Connection {
  let database: DatabaseSync | undefined;
  let identity = options.identity;
  const openWith = (open: (directory: string) => DatabaseSync) => () => {
    database ??= open(stateDirectory);
    return database;
  };
  return {
    stateDirectory,
    nowMs: options.nowMs,
    identity() {
      identity ??= readOwnIdentity();
      return identity;
    },
    read(look) {
      const open = database;
      return open ? readSnapshot(open, () => look(open)) : lookAtStore(stateDirectory, look);
    },
    open: openWith(openExistingStore),
    make: openWith(openStore),
    close() {
      database?.close();
      database = undefined;
    },
  };
}
