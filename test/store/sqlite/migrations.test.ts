import { mkdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { lookAtStore, openStore } from '../../../src/store/sqlite/database.ts';
import { checkStoreVersion, STORE_VERSION } from '../../../src/store/sqlite/migrations.ts';
import { storePath } from '../../../src/store/state-directory.ts';
import { type Folder, makeFolder } from '../../helpers/make-folder.ts';
import { hashFiles } from '../../helpers/state.ts';
import { makeTempState } from '../../helpers/temp-state.ts';

/** A store in a fresh directory, changed by this SQL behind Salvor's back and closed. */
async function makeStore(sql: string): Promise<Folder> {
  const folder = await makeFolder();
  openStore(folder.path).close();
  const database = new DatabaseSync(storePath(folder.path));
  database.exec(sql);
  database.close();
  return folder;
}

describe('migrateStore', () => {
  it('brings an empty file to this version, and changes nothing the second time', async () => {
    await using folder = await makeFolder({ 'salvor.db': '' });
    openStore(folder.path).close();
    const bytes = readFileSync(storePath(folder.path));
    const database = openStore(folder.path);
    expect(checkStoreVersion(database, 'salvor.db')).toBe(STORE_VERSION);
    database.close();
    expect(readFileSync(storePath(folder.path))).toEqual(bytes);
  });

  it('makes tables that take no value of a wrong type', async () => {
    await using folder = await makeStore('');
    const database = new DatabaseSync(storePath(folder.path));
    const tables = database
      .prepare(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all();
    database.close();
    expect(tables.map(({ name, strict }) => `${name} ${strict}`)).toEqual(
      ['audit', 'audit_heads', 'jobs', 'leases', 'rows_files', 'unit_data', 'unit_events', 'units'].map(
        (name) => `${name} 1`,
      ),
    );
  });
});

/** Makes a store what the first version made of it. */
const BACK_TO_1 = `
  PRAGMA writable_schema = ON;
  UPDATE sqlite_master SET sql = replace(sql, '''begun'', ', '') WHERE name = 'unit_events';
  PRAGMA writable_schema = OFF;
  PRAGMA user_version = 1;`;

describe('a store of the first version', () => {
  it('is read as it is, and brought to this one by whoever changes something', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['done', 'in_doubt', 'pending'] });
    const before = state.database.prepare('SELECT * FROM unit_events').all();
    state.database.enableDefensive?.(false);
    state.database.exec(BACK_TO_1);
    const begin = "INSERT INTO unit_events VALUES (1, 99, 2, 0, 'begun', 1, 1, NULL, 'job 7')";
    {
      using old = new DatabaseSync(storePath(state.path));
      expect(() => old.exec(begin)).toThrow(/CHECK constraint failed/);
    }
    const files = hashFiles(state.path);
    expect((await state.open().look(job.id))?.units.counts).toMatchObject({ done: 1, in_doubt: 1, pending: 1 });
    expect(hashFiles(state.path)).toEqual(files);
    using database = openStore(state.path);
    expect(checkStoreVersion(database, 'salvor.db')).toBe(STORE_VERSION);
    expect(database.prepare('SELECT * FROM unit_events').all()).toEqual(before);
    database.exec(begin);
  });
});

describe('rows', () => {
  it.each([
    "UPDATE jobs SET status = 'finished'",
    'UPDATE jobs SET generation = 0',
    "UPDATE units SET status = 'complete' WHERE number = 1",
    'UPDATE units SET attempts = -1',
    'UPDATE units SET number = 0 WHERE number = 1',
    "INSERT INTO unit_events VALUES (1, 99, 1, 1, 'ended', 1, 1, NULL, NULL)",
    "INSERT INTO unit_events VALUES (1, 0, 1, 1, 'intent', 1, 1, NULL, NULL)",
    "INSERT INTO leases VALUES (1, 0, 'run', 'h', 'b', 'n', 1, 1, 't', 'p', 1, 1, NULL)",
    "INSERT INTO leases VALUES (1, 9, 'watch', 'h', 'b', 'n', 1, 1, 't', 'p', 1, 1, NULL)",
    "INSERT INTO audit VALUES (1, 9, 1, 'p', 'resume', 'maybe', NULL, NULL, '{}', 'x')",
  ])('refuse what cannot be: %s', async (sql) => {
    await using state = await makeTempState();
    state.addJob({ units: ['done', 'pending'] });
    expect(() => state.database.exec(sql)).toThrow(/CHECK constraint failed/);
  });
});

describe('checkStoreVersion', () => {
  it.each([
    ['STATE_TOO_NEW', 'a newer Salvor wrote it', `PRAGMA user_version = ${STORE_VERSION + 1}`],
    ['STATE_CORRUPT', 'a table is gone', 'DROP TABLE audit'],
    ['STATE_CORRUPT', 'its version is gone', 'PRAGMA user_version = 0'],
    ['STATE_CORRUPT', 'its version is below all there ever were', 'PRAGMA user_version = -1'],
  ])('%s: %s; it is refused and left as it is', async (code, _what, sql) => {
    await using folder = await makeStore(sql);
    const before = hashFiles(folder.path);
    const refused = expect.objectContaining({ code, message: expect.stringContaining(storePath(folder.path)) });
    expect(() => openStore(folder.path)).toThrow(refused);
    expect(() => lookAtStore(folder.path, () => 'seen')).toThrow(refused);
    expect(hashFiles(folder.path)).toEqual(before);
  });

  it('names both versions', async () => {
    await using folder = await makeStore('PRAGMA user_version = 99');
    expect(() => openStore(folder.path)).toThrow(
      expect.objectContaining({ details: { path: storePath(folder.path), found: 99, supported: STORE_VERSION } }),
    );
  });

  it('STATE_CORRUPT: it is empty, and there are directories of its jobs', async () => {
    await using folder = await makeFolder({ 'salvor.db': '' });
    mkdirSync(folder.at('jobs'));
    expect(() => openStore(folder.path)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
    expect(readFileSync(storePath(folder.path))).toHaveLength(0);
  });
});
