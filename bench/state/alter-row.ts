import { openStore } from '../../src/store/sqlite/database.ts';

/** Changes a store behind Salvor's back, to put it where it was before. Leaves no write-ahead log behind. */
export function alterRow(stateDirectory: string, sql: string): void {
  const database = openStore(stateDirectory);
  try {
    database.exec(`${sql}; PRAGMA wal_checkpoint(TRUNCATE)`);
  } finally {
    database.close();
  }
}
