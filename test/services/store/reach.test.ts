/** Reaching a store in PostgreSQL: what is refused says why, and nothing says a password. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isRecoveryError } from '../../../src/core/errors.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts';
import { ask, createJob, makeClaim, makeRows, makeStoreUrl, openStore } from '../helpers/postgres-store.ts';

/** What a URL is refused with; `code: message`. */
async function refusal(url: string): Promise<string> {
  await using store = openStore(url);
  return store.look('b').then(
    () => 'taken',
    (error) =>
      isRecoveryError(error) ? `${error.code}: ${error.message} ${JSON.stringify(error.details)}` : String(error),
  );
}

describe('a server that refuses', () => {
  test('nobody listens there', async () => {
    expect(await refusal('postgres://u:secret@127.0.0.1:1/d')).toMatch(
      /^STATE_UNREACHABLE: postgres:\/\/u@127\.0\.0\.1:1\/d: connect ECONNREFUSED/,
    );
  });

  test('the host has no address', async () => {
    expect(await refusal('postgres://u:secret@nowhere.invalid/d')).toMatch(/^STATE_UNREACHABLE: .*nowhere\.invalid/);
  });

  test('the database is not there', async () => {
    const url = inject('databaseUrl').replace('/salvor', '/nothing');
    expect(await refusal(url)).toMatch(/^TARGET_UNKNOWN: .*database "nothing" does not exist/);
  });

  test('the user may not make a store, and may not read one', async () => {
    const base = inject('databaseUrl');
    await ask(base, 'CREATE ROLE guest LOGIN');
    const guest = base.replace('//postgres@', '//guest@');
    await using mine = openStore(makeStoreUrl(guest));
    expect(await mine.look('b')).toBeUndefined();
    await expect(createJob(mine)).rejects.toMatchObject({ code: 'STATE_DENIED' });
    const url = makeStoreUrl();
    await using owner = openStore(url);
    await createJob(owner);
    expect(await refusal(url.replace('//postgres@', '//guest@'))).toMatch(
      /^STATE_DENIED: .*permission denied for the schema/,
    );
  });

  test('with the rights that the runbook names others share a store, or look at it alone', async () => {
    const base = inject('databaseUrl');
    const url = makeStoreUrl();
    await using owner = openStore(url);
    await createJob(owner, { id: 'b1' });
    const page = readFileSync(path.join(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
    const grants = /```sql\n(GRANT USAGE.*?)```/s.exec(page)?.[1] ?? '';
    const [row] = (await ask(url, 'SELECT current_schema() AS name')) as { name: string }[];
    await ask(base, 'CREATE ROLE them LOGIN; CREATE ROLE onlooker LOGIN');
    await ask(base, grants.replaceAll('SCHEMA salvor', `SCHEMA ${row?.name}`));
    await ask(
      base,
      `GRANT USAGE ON SCHEMA ${row?.name} TO onlooker;
      GRANT SELECT ON ALL TABLES IN SCHEMA ${row?.name} TO onlooker`,
    );
    await using they = openStore(url.replace('//postgres@', '//them@'));
    await createJob(they, { id: 'b2' });
    const held = await they.take('b1', makeClaim(), () => {});
    await held.commit({ events: [{ type: 'intent', number: 1, attempt: 1, atMs: 1 }], beatAtMs: 2 });
    await held.finish({ status: 'stopped', atMs: 3 });
    await using onlooker = openStore(url.replace('//postgres@', '//onlooker@'));
    expect(await onlooker.look('b1')).toMatchObject({ job: { status: 'stopped' }, liveness: { lock: 'held' } });
    expect(await onlooker.verify()).toEqual({ jobCount: 2, problems: [] });
    await expect(onlooker.take('b2', makeClaim(), () => {})).rejects.toMatchObject({ code: 'STATE_DENIED' });
  });

  test('the database cannot hold every text', async () => {
    await ask(inject('databaseUrl'), "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    await using store = openStore(makeStoreUrl(inject('databaseUrl').replace('/salvor', '/latin')));
    await expect(createJob(store)).rejects.toMatchObject({ message: expect.stringContaining('encoding LATIN1') });
  });

  test('a store of a newer Salvor, and tables of somebody else', async () => {
    const url = makeStoreUrl();
    await using store = openStore(url);
    await createJob(store);
    await ask(url, 'UPDATE salvor_store SET version = 99');
    expect(await refusal(url)).toMatch(/^STATE_TOO_NEW: .* has schema version 99/);
    await ask(url, 'DROP TABLE salvor_store; CREATE TABLE salvor_store (a int)');
    expect(await refusal(url)).toMatch(/^STATE_CORRUPT/);
  });
});

describe('a server that asks for a password, with TLS', () => {
  let server: PostgresServer;
  let home = '';
  const env = { ...process.env };
  beforeAll(async () => {
    server = await startPostgres({ TLS: 'on', PASSWORD: 'sesame' });
    home = mkdtempSync(path.join(tmpdir(), 'salvor-home-'));
  });
  afterAll(() => {
    server[Symbol.dispose]();
    rmSync(home, { recursive: true });
  });
  const reach = async (user: string, query = '', change: Readonly<Record<string, string>> = {}) => {
    process.env = { ...env, HOME: home, ...change };
    try {
      return await refusal(`postgres://${user}@localhost:${server.port}/salvor${query}`);
    } finally {
      process.env = { ...env };
    }
  };

  test('takes the one of the URL, of PGPASSWORD, or of ~/.pgpass, in this order', async () => {
    writeFileSync(path.join(home, '.pgpass'), `localhost:*:salvor:postgres:sesame\n`, { mode: 0o600 });
    expect(await reach('postgres:sesame', '', { PGPASSWORD: 'wrong' })).toBe('taken');
    expect(await reach('postgres', '', { PGPASSWORD: 'sesame' })).toBe('taken');
    expect(await reach('postgres')).toBe('taken');
    expect(await reach('postgres', '', { PGPASSWORD: 'wrong-1' })).toMatch(
      /^STATE_DENIED: .*password authentication failed/,
    );
    expect(await reach('postgres:wrong-2')).not.toContain('wrong-2');
    chmodSync(path.join(home, '.pgpass'), 0o644);
    expect(await reach('postgres')).toMatch(/^STATE_DENIED: .* asks for a password/);
  });

  test('is checked as sslmode says', async () => {
    const certificate = path.join(home, 'server.crt');
    copyFileSync(path.join(server.directory, 'server.crt'), certificate);
    const withRoots = `&sslrootcert=${certificate}`;
    const user = 'postgres:sesame';
    for (const mode of ['disable', 'allow', 'prefer', 'require']) {
      expect(`${mode} ${await reach(user, `?sslmode=${mode}`)}`).toBe(`${mode} taken`);
    }
    expect(await reach(user, `?sslmode=verify-full${withRoots}`)).toBe('taken');
    expect(await reach(user, '', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: certificate })).toBe('taken');
    expect(await reach(user, '?sslmode=verify-full')).toMatch(/^STATE_DENIED: .*needs a root certificate/);
    expect(await reach(user, '?sslmode=verify-full&sslrootcert=system')).toMatch(/certificate/);
    expect(await reach(user, '?sslmode=require&sslrootcert=system')).toMatch(/certificate/);
  });

  test('a server without TLS is taken with sslmode prefer, and not with require', async () => {
    const plain = inject('databaseUrl');
    expect(await refusal(plain)).toBe('taken');
    expect(await refusal(`${plain}?sslmode=require`)).toMatch(/^STATE_DENIED|^STATE_UNREACHABLE/);
  });
});

test('looking makes nothing: no schema, no table', async () => {
  const url = makeStoreUrl();
  await using store = openStore(url);
  expect(await store.look('b')).toBeUndefined();
  expect(await store.find('b', 3)).toEqual([]);
  expect(await store.list(async () => 1)).toBeUndefined();
  expect(await store.verify()).toBeUndefined();
  await expect(store.change('b', {}, () => ({ answer: 1 }))).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  await expect(store.take('b', makeClaim(), () => {})).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  expect(await ask(url, 'SELECT FROM pg_namespace WHERE nspname = current_schema()')).toEqual([]);
});

test('ten at once make one store, and each its job', async () => {
  const url = makeStoreUrl();
  const stores = Array.from({ length: 10 }, () => openStore(url));
  await Promise.all(stores.map((store, at) => createJob(store, { id: `b${at}` })));
  expect(await stores[0]?.verify()).toEqual({ jobCount: 10, problems: [] });
  await Promise.all(stores.map((store) => store.close()));
});

test('two who record the same rows at once are judged by each other', async () => {
  const url = makeStoreUrl();
  await using one = openStore(url);
  await using other = openStore(url);
  const same: number[] = [];
  const create = (store: typeof one, id: string) =>
    store.create({ id, name: 'n', kind: 'batch', spec: '{}', rowsPath: '/r', atMs: 5 }, makeRows(500), (found) =>
      same.push(found.length),
    );
  await Promise.all([create(one, 'b1'), create(other, 'b2')]);
  expect(same.toSorted()).toEqual([0, 1]);
});

test('texts that PostgreSQL cannot hold are kept exactly: keys, receipts, errors, names, log lines', async () => {
  const url = makeStoreUrl();
  await using store = openStore(url);
  const odd = 'a\0b\ud800c\ufdd0d';
  await createJob(store, { id: 'b1', name: odd });
  expect(await store.hasName(odd)).toBe(true);
  expect(await store.list((reader) => reader.countAll({ scope: 'all', excludedSeqs: [], text: 'B\ud800C' }))).toBe(1);
  const held = await store.take('b1', makeClaim(odd), () => {});
  const error = { code: odd, message: odd };
  await held.commit({
    events: [
      { type: 'intent', number: 1, attempt: 1, atMs: 1 },
      { type: 'receipt', number: 1, receipt: odd, atMs: 2 },
      { type: 'unknown', number: 1, error, atMs: 3 },
    ],
  });
  held.log.write(odd);
  await held.finish({ status: 'failed', error, atMs: 4 });
  await held.release();
  const look = await store.look('b1');
  expect(look).toMatchObject({
    job: { name: odd, error },
    runner: { principal: odd },
    units: { attention: [{ receipt: odd, error }] },
    audit: { entryCount: 1 },
  });
  expect(look?.audit.broken).toBeUndefined();
  expect(await store.logTail('b1', 9)).toEqual([odd]);
});

test('a look after the server was stopped and started again connects anew; what was committed stands', async () => {
  using server = await startPostgres();
  await using store = openStore(server.url);
  let changes = 0;
  const stopWatching = store.watch(() => {
    changes += 1;
  });
  await createJob(store);
  const held = await store.take('bjob', makeClaim(), () => {});
  await held.commit({ events: [{ type: 'intent', number: 1, attempt: 1, atMs: 1 }] });
  await waitFor('changes are told', () => changes > 1);
  server.stop('kill');
  await expect(held.checkHeld()).rejects.toMatchObject({ code: 'STATE_UNREACHABLE' });
  await expect(store.look('bjob')).rejects.toMatchObject({ code: 'STATE_UNREACHABLE' });
  const before = changes;
  server.start();
  expect(await store.look('bjob')).toMatchObject({
    job: { status: 'running' },
    units: { counts: { in_doubt: 1, pending: 4 } },
    liveness: { lock: 'free', process: 'same' },
  });
  await waitFor('whoever watches is told that something may have changed', () => changes > before);
  stopWatching();
});
