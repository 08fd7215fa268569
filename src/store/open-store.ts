import type { JobStore, StoreOptions } from './contract.ts';
import { openPostgresStore } from './postgres/open-postgres-store.ts';
import { openSqliteStore } from './sqlite/open-sqlite-store.ts';
import { isStoreUrl } from './store-url.ts';

/**
 * Opens the store of a place: a state directory, or a database that a URL names. Nothing is opened, made or changed before
 * the first verb.
 *
 * Errors: TARGET_UNKNOWN for a URL that says something else than where a store is.
 */
export function openJobStore(place: string, options: StoreOptions): JobStore {
  return isStoreUrl(place) ? openPostgresStore(place, options) : openSqliteStore(place, options);
}
