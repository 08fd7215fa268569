/** Stores in a real PostgreSQL, and jobs in them. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { Claim, JobStore, StoreOptions } from '../../../src/store/contract.ts';
import { openPostgresStore } from '../../../src/store/postgres/open-postgres-store.ts';
import type { JobRecord, NewJob, UnitsInput } from '../../../src/store/records.ts';

/** A URL of the shared server whose store is nobody else's: in a schema of its own. */
export function makeStoreUrl(base: string = inject('databaseUrl')): string {
  const schema = `s${randomBytes(6).toString('hex')}`;
  return `${base}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
}

/** Opens a store that closes with its scope. */
export function openStore(url: string, options: Partial<StoreOptions> = {}): JobStore & AsyncDisposable {
  const store = openPostgresStore(url, { nowMs: Date.now, ...options });
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

/** Asks the server of a URL something, in the schema of the URL. */
export async function ask(url: string, text: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, values: [...values] })).rows;
  } finally {
    await client.end();
  }
}

/** Rows `k1`, `k2`, ... */
export function makeRows(count: number, sha256 = 'abc'): UnitsInput {
  async function* read() {
    yield Array.from({ length: count }, (_, at) => ({
      number: at + 1,
      key: `k${at + 1}`,
      dataJson: `{"n":${at + 1}}`,
    }));
  }
  return { chunks: read(), digest: () => ({ sha256, sizeBytes: 3 }) };
}

/** A job of so many rows. */
export function createJob(store: JobStore, change: Partial<NewJob> & { readonly rowCount?: number } = {}) {
  const { rowCount = 5, ...job } = change;
  const made: NewJob = { id: 'bjob', name: 'Orders', kind: 'batch', spec: '{}', rowsPath: '/r.csv', atMs: 5, ...job };
  return store.create(made, makeRows(rowCount)) satisfies Promise<JobRecord>;
}

/** A claim of whoever says so. */
export function makeClaim(principal = 'op'): Claim {
  const audit = { atMs: 6, principal, action: 'resume', outcome: 'done', details: {} } as const;
  return { runToken: randomBytes(8).toString('hex'), principal, atMs: 6, audit };
}

/** An identity of a process of another host. */
export function makeIdentity(host: string) {
  return { host, bootId: `boot of ${host}`, pidNamespace: 'pid:[1]', pid: 4711, pidStartTicks: 5 };
}

/** Ends the sessions that hold jobs of a store, as an administrator does; answers how many there were. */
export async function terminateHolders(url: string): Promise<number> {
  const text = `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
    AND classid = (SELECT (lock_space::bigint & 4294967295) FROM salvor_store)`;
  return (await ask(url, text)).length;
}
