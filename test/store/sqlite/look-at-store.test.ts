import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { changeStore, lookAtStore, openStore } from '../../../src/store/sqlite/database.ts';
import { storePath } from '../../../src/store/state-directory.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { type RunningScript, runScript, SRC, startScript } from '../../helpers/start-script.ts';
import { hashFiles } from '../../helpers/state.ts';

/** Inserts jobs by name: the shortest that the schema takes. */
const ADD = `(database, name) => database.prepare(
  "INSERT INTO jobs (id, name, kind, status, spec, created_at_ms, active_at_ms) VALUES (?, ?, 'batch', 'pending', '{}', 0, 0)",
).run(name, name)`;

const readNames = (database: DatabaseSync) =>
  database
    .prepare('SELECT name FROM jobs ORDER BY seq')
    .all()
    .map((row) => String(row.name));

/** A process that has the store open, with some jobs committed; \`more\` is what it does then. */
function startWriter(state: string, more: string): RunningScript {
  return startScript(`
    import { openStore, changeStore } from '${SRC}/store/sqlite/database.ts';
    const add = ${ADD};
    const database = openStore(${JSON.stringify(state)});
    changeStore(database, () => add(database, 'one'));
    ${more}
  `);
}

/** Looks, and fails when a byte, a mode or a name in the state directory is different afterwards. */
function lookOnly(state: string): readonly string[] | undefined {
  const before = hashFiles(state);
  const names = lookAtStore(state, readNames);
  expect(hashFiles(state)).toEqual(before);
  return names;
}

describe('lookAtStore, changing nothing', () => {
  it('sees nothing where there is nothing, and does not make it', async () => {
    await using folder = await makeFolder({ file: 'x' });
    expect(lookOnly(folder.at('missing'))).toBeUndefined();
    expect(lookOnly(folder.path)).toBeUndefined();
    expect(existsSync(folder.at('missing'))).toBe(false);
  });

  it('takes an empty file for a store that is just being made', async () => {
    await using folder = await makeFolder({ 'salvor.db': '' });
    expect(lookOnly(folder.path)).toBeUndefined();
  });

  it('reads a store that was closed', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    await using writer = startWriter(state, 'database.close(); console.log("closed");');
    await writer.ended;
    expect(readdirSync(state)).toEqual(['salvor.db']);
    expect(lookOnly(state)).toEqual(['one']);
  });

  it('reads what a writer that lives has committed, and nothing else', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    await using writer = startWriter(
      state,
      `database.exec('BEGIN IMMEDIATE');
       add(database, 'not committed');
       console.log('writing');
       setInterval(() => {}, 60_000);`,
    );
    await writer.says('writing');
    expect(lookOnly(state)).toEqual(['one']);
  });

  it('reads what a writer that was killed had committed, from the log it left', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    await using writer = startWriter(state, "console.log('writing'); setInterval(() => {}, 60_000);");
    await writer.says('writing');
    writer.signal('SIGKILL');
    await writer.ended;
    expect(statSync(`${storePath(state)}-wal`).size).toBeGreaterThan(0);
    expect(lookOnly(state)).toEqual(['one']);
    // Once more: a look leaves nothing that another one would trip over.
    expect(lookOnly(state)).toEqual(['one']);
    const database = openStore(state);
    expect(readNames(database)).toEqual(['one']);
    database.close();
  });

  it('reads a copy that was taken without the index of the log', async () => {
    await using folder = await makeFolder();
    const [state, copy] = [folder.at('state'), folder.at('copy')];
    await using writer = startWriter(state, "console.log('writing'); setInterval(() => {}, 60_000);");
    await writer.says('writing');
    mkdirSync(copy);
    for (const name of ['salvor.db', 'salvor.db-wal']) copyFileSync(`${state}/${name}`, `${copy}/${name}`);
    expect(lookOnly(copy)).toEqual(['one']);
    expect(readdirSync(copy)).toEqual(['salvor.db', 'salvor.db-wal']);
  });

  it('reads a log that was torn at its end up to the last commit', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    await using writer = startWriter(
      state,
      "changeStore(database, () => add(database, 'two')); process.kill(process.pid, 'SIGKILL');",
    );
    await writer.ended;
    const log = readFileSync(`${storePath(state)}-wal`);
    writeFileSync(`${storePath(state)}-wal`, log.subarray(0, log.length - 100));
    expect(lookOnly(state)).toEqual(['one']);
  });

  it('sees every commit of a writer that goes on, in order', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    await using writer = startWriter(
      state,
      `console.log('begun');
       for (let count = 2; count < 300; count += 1) changeStore(database, () => add(database, String(count)));
       database.close();
       console.log('through');`,
    );
    await writer.says('begun');
    let seen = 0;
    let isThrough = false;
    void writer.says('through').then(() => {
      isThrough = true;
    });
    while (!isThrough) {
      const count = lookAtStore(state, readNames)?.length ?? 0;
      expect(count).toBeGreaterThanOrEqual(seen);
      seen = count;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writer.ended;
    expect(lookOnly(state)).toHaveLength(299);
  });
});

describe('lookAtStore, one view', () => {
  it('shows the same to all that is read in one look', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    const writer = openStore(state);
    changeStore(writer, () => addJob(writer, 'one'));
    const seen = lookAtStore(state, (database) => {
      const before = readNames(database);
      changeStore(writer, () => addJob(writer, 'two'));
      return [before, readNames(database)];
    });
    expect(seen).toEqual([['one'], ['one']]);
    expect(lookAtStore(state, readNames)).toEqual(['one', 'two']);
    writer.close();
  });

  it('cannot write', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    openStore(state).close();
    expect(() => lookAtStore(state, (database) => addJob(database, 'x'))).toThrow(
      expect.objectContaining({
        code: 'STATE_UNREADABLE',
        cause: expect.objectContaining({ errstr: 'attempt to write a readonly database' }),
      }),
    );
  });
});

function addJob(database: DatabaseSync, name: string): void {
  database
    .prepare(
      "INSERT INTO jobs (id, name, kind, status, spec, created_at_ms, active_at_ms) VALUES (?, ?, 'batch', 'pending', '{}', 0, 0)",
    )
    .run(name, name);
}

describe('openStore by several at once', () => {
  it('makes one store, whoever is first', async () => {
    await using folder = await makeFolder();
    const state = folder.at('state');
    const scripts = Array.from({ length: 6 }, (_, index) =>
      runScript(`
        import { openStore, changeStore } from '${SRC}/store/sqlite/database.ts';
        const add = ${ADD};
        const database = openStore(${JSON.stringify(state)});
        changeStore(database, () => add(database, 'job ${index}'));
        database.close();
        console.log('added');
      `),
    );
    const ended = await Promise.all(scripts);
    expect(ended.map(({ text }) => text)).toEqual(Array(6).fill('added\n'));
    expect(lookAtStore(state, readNames)?.toSorted()).toEqual(Array.from({ length: 6 }, (_, index) => `job ${index}`));
  });
});
