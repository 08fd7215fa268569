import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { changeStore, lookAtStore, openStore } from '../../../src/store/sqlite/database.ts';
import { storePath } from '../../../src/store/state-directory.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { runScript, SRC } from '../../helpers/start-script.ts';
import { makeTempState, type TempState } from '../../helpers/temp-state.ts';

const rename = (state: TempState, name: string) => state.database.prepare('UPDATE jobs SET name = ?').run(name);
const readNames = (database: DatabaseSync) =>
  database
    .prepare('SELECT name FROM jobs')
    .all()
    .map((row) => row.name);

/** The code something is refused with. */
function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return error instanceof RecoveryError ? error.code : `not a RecoveryError: ${String(error)}`;
  }
}

describe('openStore', () => {
  it('makes directory and store so that what was committed is on disk', async () => {
    await using folder = await makeFolder();
    const database = openStore(folder.at('a/b'));
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1]);
    database.close();
  });

  it('finds what was there before', async () => {
    await using state = await makeTempState();
    state.addJob({ name: 'California Orders' });
    const second = openStore(state.path);
    expect(readNames(second)).toEqual(['California Orders']);
    second.close();
  });

  it.each<readonly [string, string, readonly [opened: string, looked: string]]>([
    ['a file is in the way of the directory', 'file', ['STATE_UNREADABLE', 'none']],
    ['a file is above it', 'file/state', ['STATE_UNREADABLE', 'none']],
    ['its name is too long', 'x'.repeat(300), ['STATE_UNREADABLE', 'STATE_UNREADABLE']],
    ['the store is a directory', 'occupied', ['STATE_UNREADABLE', 'STATE_UNREADABLE']],
    ['the store is something else', 'foreign', ['STATE_CORRUPT', 'STATE_CORRUPT']],
    ['the store is somebody else’s database', 'other', ['STATE_CORRUPT', 'STATE_CORRUPT']],
  ])('%s', async (_what, name, [opened, looked]) => {
    await using folder = await makeFolder({ file: 'x' });
    for (const one of ['occupied', 'foreign', 'other']) mkdirSync(folder.at(one));
    mkdirSync(storePath(folder.at('occupied')));
    writeFileSync(storePath(folder.at('foreign')), 'this is a shopping list\n'.repeat(400));
    const other = new DatabaseSync(storePath(folder.at('other')));
    other.exec('CREATE TABLE recipes (name TEXT)');
    other.close();
    expect(codeOf(() => openStore(folder.at(name)))).toBe(opened);
    expect(codeOf(() => lookAtStore(folder.at(name), () => 'seen'))).toBe(looked);
  });

  it('tells the path and the cause', async () => {
    await using folder = await makeFolder({ file: 'x' });
    expect(() => openStore(folder.at('file'))).toThrow(
      expect.objectContaining({ details: { path: storePath(folder.at('file')) }, cause: expect.any(Error) }),
    );
  });

  it.each([8, 72])(
    'STATE_FULL or STATE_UNWRITABLE: a new store may not grow (%i blocks), which can be made later',
    async (fileBlocks) => {
      await using folder = await makeFolder();
      const ended = await runScript(
        `import { openStore } from '${SRC}/store/sqlite/database.ts';
       try { openStore(${JSON.stringify(folder.at('state'))}); console.log('opened'); }
       catch (error) { console.log(error.code, error.cause?.message); }`,
        { fileBlocks },
      );
      expect(ended.text).toMatch(/^(STATE_UNWRITABLE disk I\/O error|STATE_FULL database or disk is full)\n$/);
      const database = openStore(folder.at('state'));
      expect(readNames(database)).toEqual([]);
      database.close();
    },
  );
});

describe('changeStore', () => {
  it('commits what it returns from', async () => {
    await using state = await makeTempState();
    state.addJob({ name: 'old' });
    expect(changeStore(state.database, () => rename(state, 'new').changes)).toBe(1);
    expect(lookAtStore(state.path, readNames)).toEqual(['new']);
  });

  it('rolls everything back when something is thrown, and can be used again', async () => {
    await using state = await makeTempState();
    state.addJob({ name: 'old' });
    const bug = new TypeError('x is undefined');
    const change = () => {
      rename(state, 'new');
      throw bug;
    };
    expect(() => changeStore(state.database, change)).toThrow(bug);
    expect(readNames(state.database)).toEqual(['old']);
    changeStore(state.database, () => rename(state, 'newer'));
    expect(readNames(state.database)).toEqual(['newer']);
  });

  it('passes on what was thrown on purpose, unchanged', async () => {
    await using state = await makeTempState();
    const refusal = new RecoveryError('LEASE_FENCED', 'fenced');
    expect(() =>
      changeStore(state.database, () => {
        throw refusal;
      }),
    ).toThrow(refusal);
  });

  it('STATE_FULL: the disk is full, and what was recorded is safe', async () => {
    await using state = await makeTempState();
    state.addJob({ name: 'old' });
    const pages = Object.values(state.database.prepare('PRAGMA page_count').get() ?? {})[0];
    state.database.exec(`PRAGMA max_page_count = ${pages}`);
    expect(codeOf(() => changeStore(state.database, () => rename(state, 'x'.repeat(200_000))))).toBe('STATE_FULL');
    expect(readNames(state.database)).toEqual(['old']);
    state.database.exec('PRAGMA max_page_count = 1000000');
    changeStore(state.database, () => rename(state, 'new'));
    expect(readNames(state.database)).toEqual(['new']);
  });

  it('STATE_UNWRITABLE: the store was opened for reading', async () => {
    await using state = await makeTempState();
    const reading = new DatabaseSync(storePath(state.path), { readOnly: true });
    expect(codeOf(() => changeStore(reading, () => reading.exec("UPDATE jobs SET name = 'x'")))).toBe(
      'STATE_UNWRITABLE',
    );
    reading.close();
  });

  it('STATE_UNWRITABLE: another writer does not let go', async () => {
    await using state = await makeTempState();
    const second = new DatabaseSync(storePath(state.path), { timeout: 1 });
    state.database.exec('BEGIN IMMEDIATE');
    expect(codeOf(() => changeStore(second, () => 1))).toBe('STATE_UNWRITABLE');
    state.database.exec('ROLLBACK');
    expect(changeStore(second, () => 1)).toBe(1);
    second.close();
  });

  it('STATE_CORRUPT: pages of the store are damaged', async () => {
    await using state = await makeTempState();
    await using damaged = await makeFolder();
    state.addJob({ units: Array(500).fill('pending') });
    state.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const bytes = readFileSync(storePath(state.path));
    writeFileSync(storePath(damaged.path), bytes.fill(0xff, 2 * 4096));
    const read = (database: DatabaseSync) => database.prepare('SELECT * FROM units').all();
    const database = new DatabaseSync(storePath(damaged.path));
    expect(codeOf(() => changeStore(database, () => read(database)))).toBe('STATE_CORRUPT');
    database.close();
    expect(codeOf(() => lookAtStore(damaged.path, read))).toBe('STATE_CORRUPT');
  });
});
