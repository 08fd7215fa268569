/** A store in PostgreSQL that an earlier version of Salvor made. */
import { expect, test } from 'vitest';
import { STORE_VERSION } from '../../../src/store/postgres/migrations.ts';
import { ask, createJob, makeClaim, makeStoreUrl, openStore } from '../helpers/postgres-store.ts';

const WORDS = ['intent', 'receipt', 'done', 'failed', 'retry', 'unknown', 'unanswered', 'ask_again', 'not_done'];
/** Makes a store what the first version made of it. */
const BACK_TO_1 = `ALTER TABLE unit_events DROP CONSTRAINT unit_events_event_check;
  ALTER TABLE unit_events ADD CONSTRAINT unit_events_event_check CHECK (event IN (${WORDS.map((word) => `'${word}'`)}));
  UPDATE salvor_store SET version = 1`;

const versionOf = async (url: string) => ask(url, 'SELECT version FROM salvor_store');

test('a store of the first version is read as it is, and brought to this one by whoever takes a job', async () => {
  const url = makeStoreUrl();
  await using store = openStore(url);
  const { id } = await createJob(store);
  await ask(url, BACK_TO_1);
  expect((await store.look(id))?.units.counts.pending).toBe(5);
  expect(await versionOf(url)).toEqual([{ version: 1 }]);
  const held = await store.take(id, makeClaim(), () => {});
  const begun = { type: 'begun', number: 1, reference: 'job 7', atMs: 7 } as const;
  await held.commit({ events: [{ type: 'intent', number: 1, attempt: 1, atMs: 7 }, begun] });
  expect(await held.inDoubt({ number: 0, limit: 9 })).toMatchObject([{ number: 1, reference: 'job 7' }]);
  expect(await versionOf(url)).toEqual([{ version: STORE_VERSION }]);
});

test('a store of the first version is brought to this one by whoever records a job', async () => {
  const url = makeStoreUrl();
  await using store = openStore(url);
  await createJob(store);
  await ask(url, BACK_TO_1);
  await using other = openStore(url);
  await createJob(other, { id: 'bother', name: 'Other' });
  expect(await versionOf(url)).toEqual([{ version: STORE_VERSION }]);
});
