import type { JobStore, StoreOptions } from './contract.ts';
import { openSqliteStore } from './sqlite/open-sqlite-store.ts';

/** Opens the store of a place: a state directory. Nothing is opened, made or changed before the first verb. */
export function openJobStore(place: string, options: StoreOptions): JobStore {
  return openSqliteStore(place, options);
}
