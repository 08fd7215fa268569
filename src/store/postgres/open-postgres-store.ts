import type { JobStore, StoreOptions } from '../contract.ts';
import { restorePassword } from '../store-url.ts';
import { readSettings } from './settings.ts';

/**
 * Opens the store that a URL names: PostgreSQL, which several hosts may share. Its driver is loaded at the first verb, so
 * that who has no such store does without it.
 *
 * Errors: TARGET_UNKNOWN for a URL that says something else than where a store is.
 */
export function openPostgresStore(url: string, options: StoreOptions): JobStore {
  const settings = readSettings(restorePassword(url), process.env);
  let loading: ReturnType<typeof load> | undefined;
  const load = async () => {
    const { makePostgresStore } = await import('./make-postgres-store.ts');
    return makePostgresStore(settings, options);
  };
  const store = () => {
    loading ??= load();
    return loading;
  };
  return {
    place: settings.place,
    directoryOf: () => undefined,
    engine: async () => (await store()).engine(),
    look: async (...asked) => (await store()).look(...asked),
    find: async (...asked) => (await store()).find(...asked),
    list: async (...asked) => (await store()).list(...asked),
    units: async (...asked) => (await store()).units(...asked),
    namedUnits: async (...asked) => (await store()).namedUnits(...asked),
    unitRecords: async (...asked) => (await store()).unitRecords(...asked),
    audit: async (...asked) => (await store()).audit(...asked),
    report: async (...asked) => (await store()).report(...asked),
    logTail: async (...asked) => (await store()).logTail(...asked),
    watch: (onChange) => {
      const stop = new AbortController();
      void store().then(({ watch }) => {
        if (stop.signal.aborted) return;
        stop.signal.addEventListener('abort', watch(onChange));
      });
      return () => stop.abort();
    },
    hasName: async (...asked) => (await store()).hasName(...asked),
    sameRows: async (...asked) => (await store()).sameRows(...asked),
    sharedRows: async (...asked) => (await store()).sharedRows(...asked),
    verify: async () => (await store()).verify(),
    prepare: async () => (await store()).prepare(),
    create: async (...asked) => (await store()).create(...asked),
    takeBack: async (...asked) => (await store()).takeBack(...asked),
    take: async (...asked) => (await store()).take(...asked),
    change: async (...asked) => (await store()).change(...asked),
    saveReport: async (...asked) => (await store()).saveReport(...asked),
    close: async () => (await loading)?.close(),
  };
}
