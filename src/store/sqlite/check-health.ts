import { DatabaseSync } from 'node:sqlite';
import type { StoreHealth } from '../contract.ts';
import { compareMarks, findDamagedLocks } from './compare-marks.ts';
import { lookAtStore } from './database.ts';
import { verifyStore } from './verify-store.ts';

/** Which SQLite this Node.js has. */
export function describeEngine(): string {
  const database = new DatabaseSync(':memory:');
  const version = String(database.prepare('SELECT sqlite_version() AS v').get()?.v);
  database.close();
  return `SQLite ${version}`;
}

/** How a store is, with what is beside it; undefined when there is none. Errors: those of reading. */
export function checkHealth(stateDirectory: string): StoreHealth | undefined {
  const seen = lookAtStore(stateDirectory, (database) => ({
    damaged: verifyStore(database),
    jobCount: Number(database.prepare('SELECT count(*) AS n FROM jobs').get()?.n),
  }));
  if (!seen) return undefined;
  const { damaged, jobCount } = seen;
  return { jobCount, problems: [...damaged, ...compareMarks(stateDirectory), ...findDamagedLocks(stateDirectory)] };
}
