/** The server that the tests of this ring rely on: it must be as strict with what was committed as a real one. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { startPostgres } from './helpers/postgres-server.ts';

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.map(([value]) => value);
  } finally {
    await client.end();
  }
}

test('the shared server writes to disk what it says is committed', async () => {
  const text = 'SELECT setting FROM pg_settings WHERE name = ANY($${fsync,synchronous_commit,full_page_writes}$$)';
  expect(await query(inject('databaseUrl'), text)).toEqual(['on', 'on', 'on']);
});

test('a server keeps what was committed when it dies by SIGKILL, and starts again as it was', async () => {
  using server = await startPostgres();
  await query(server.url, 'CREATE TABLE kept AS SELECT 1 AS one');
  server.stop('kill');
  await expect(query(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  server.start();
  server.start();
  expect(await query(server.url, 'SELECT one FROM kept')).toEqual([1]);
});

test('a server cannot be reached from another machine, and takes its data with it', async () => {
  const server = await startPostgres();
  const outside = Object.values(networkInterfaces())
    .flat()
    .filter((one) => one?.family === 'IPv4' && !one.internal);
  for (const one of outside) {
    const socket = connect(server.port, one?.address);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    socket.on('error', resolve).on('connect', () => resolve('connected'));
    expect(await promise).toMatchObject({ code: 'ECONNREFUSED' });
  }
  server[Symbol.dispose]();
  server.stop('fast');
  expect(existsSync(path.dirname(server.directory))).toBe(false);
});
