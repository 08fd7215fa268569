/** Holding a job in PostgreSQL: one holder, by a session whose end is the end of the hold. */
import { expect, inject, test } from 'vitest';
import { judgeLiveness } from '../../../src/core/diagnosis/judge-liveness.ts';
import type { HeldJob, JobStore } from '../../../src/store/contract.ts';
import {
  ask,
  createJob,
  makeClaim,
  makeIdentity,
  makeStoreUrl,
  openStore,
  terminateHolders,
} from '../helpers/postgres-store.ts';
import { openTcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const JOB = 'bjob';
const intent = (number: number) => ({ type: 'intent', number, attempt: 1, atMs: 7 }) as const;
const done = (number: number) => ({ type: 'done', number, atMs: 8 }) as const;

async function judge(store: JobStore) {
  const look = await store.look(JOB);
  if (!look?.runner || !look.liveness) throw new Error('nobody holds it');
  return judgeLiveness(look.runner, look.liveness);
}

/** Ends the session that holds a job of a store, as an administrator does. */
async function terminateHolder(url: string): Promise<void> {
  expect(await terminateHolders(url)).toBe(1);
}

async function expectLost(held: HeldJob): Promise<void> {
  await expect(held.commit({ events: [done(1)] })).rejects.toMatchObject({ code: 'STATE_UNREACHABLE' });
  await expect(held.checkHeld()).rejects.toMatchObject({ code: 'STATE_UNREACHABLE' });
}

test('take: of 20 at once one takes the job, and the others are told which', async () => {
  const url = makeStoreUrl();
  const stores = Array.from({ length: 20 }, (_, at) => openStore(url, { identity: makeIdentity(`host${at}`) }));
  try {
    await createJob(stores[0] ?? openStore(url));
    const ended = await Promise.allSettled(stores.map((store) => store.take(JOB, makeClaim(), () => {})));
    const holders = ended.filter((one) => one.status === 'fulfilled');
    expect(holders).toHaveLength(1);
    const [epoch] = holders.map(({ value }) => value.epoch);
    expect(epoch).toBe(1);
    const winner = (await stores[0]?.look(JOB))?.runner?.host;
    for (const one of ended) {
      if (one.status === 'fulfilled') continue;
      expect(one.reason).toMatchObject({ code: 'LEASE_HELD', details: { holder: { host: winner } } });
    }
    expect(await stores[0]?.audit(JOB)).toHaveLength(1);
  } finally {
    for (const store of stores) await store.close();
  }
});

test('a session that an administrator ends is lost for good, and the job can be taken at once on the same host', async () => {
  const url = makeStoreUrl();
  await using store = openStore(url);
  await createJob(store);
  const held = await store.take(JOB, makeClaim(), () => {});
  await held.commit({ events: [intent(1)] });
  await terminateHolder(url);
  await waitUntil('the lock is free', async () => (await store.look(JOB))?.liveness?.lock === 'free');
  await expectLost(held);
  await expect(held.finish({ status: 'failed', atMs: 9 })).rejects.toMatchObject({ code: 'STATE_UNREACHABLE' });
  const next = await store.take(JOB, makeClaim(), () => {});
  expect(next.epoch).toBe(2);
  expect(await next.inDoubt({ number: 0, limit: 9 })).toMatchObject([{ number: 1, key: 'k1' }]);
  await expectLost(held);
});

test('a connection that is cut in the middle of a commit leaves the holder without the job, and says so', async () => {
  const url = makeStoreUrl();
  const { port } = new URL(inject('databaseUrl'));
  await using proxy = await openTcpProxy(Number(port));
  await using direct = openStore(url);
  await createJob(direct);
  await using store = openStore(url.replace(`:${port}/`, `:${proxy.port}/`));
  const held = await store.take(JOB, makeClaim(), () => {});
  await held.commit({ events: [intent(1)] });
  proxy.swallowAnswers();
  const under = held.commit({ events: [done(1)] });
  under.catch(() => {});
  await waitUntil('the commit stands', async () => (await direct.look(JOB))?.units.counts.done === 1);
  proxy.drop();
  await expect(under).rejects.toMatchObject({ code: 'STATE_UNREACHABLE', message: expect.stringContaining('lost') });
  await expectLost(held);
  await waitUntil('the server has dropped the lock', async () => (await direct.look(JOB))?.liveness?.lock === 'free');
});

test('two hosts: one looks at the other by its lock, then by its heartbeat, takes over, and fences it', async () => {
  const url = makeStoreUrl();
  await using first = openStore(url, { identity: makeIdentity('first') });
  await using second = openStore(url, { identity: makeIdentity('second') });
  await createJob(first);
  const held = await first.take(JOB, makeClaim('alice'), () => {});
  await held.commit({ events: [intent(1)], beatAtMs: 20 });
  const seen = await second.list(async (reader) => reader.possiblyAlive());
  expect(seen).toMatchObject([{ holder: { host: 'first' }, liveness: { host: 'other', lock: 'held' } }]);
  // However old its heartbeat is: a held lock is life.
  const age = `UPDATE leases SET heartbeat_at_ms = heartbeat_at_ms - 61000`;
  await ask(url, age);
  expect(await judge(second)).toMatchObject({ type: 'alive', stalled: 'heartbeat_late' });
  await expect(second.take(JOB, makeClaim('bob'), () => {})).rejects.toMatchObject({
    code: 'LEASE_HELD',
    message: expect.stringContaining('first'),
  });
  await held.commit({ events: [], beatAtMs: 30 });

  // The host sleeps: its session is gone, what it has in hand may still happen.
  await terminateHolder(url);
  await waitUntil('the lock is gone', async () => (await second.look(JOB))?.liveness?.lock === 'missing');
  expect(await judge(second)).toEqual({ type: 'alive', deadFromMs: expect.any(Number) });
  await ask(url, age);
  expect(await judge(second)).toEqual({ type: 'dead', proof: 'heartbeat_expired' });
  expect(await second.list(async (reader) => reader.possiblyAlive())).toEqual([]);
  const taken = await second.take(JOB, makeClaim('bob'), () => {});
  expect(taken).toMatchObject({ epoch: 2, earlierTokens: [held.runToken] });

  // It wakes.
  await expectLost(held);
  expect((await second.look(JOB))?.units.counts).toMatchObject({ in_doubt: 1, done: 0 });
});

test('a holder whose job was fenced on another host writes nothing more', async () => {
  const url = makeStoreUrl();
  await using first = openStore(url, { identity: makeIdentity('first') });
  await using second = openStore(url, { identity: makeIdentity('second') });
  await createJob(first);
  const held = await first.take(JOB, makeClaim(), () => {});
  await second.change(JOB, {}, () => ({
    change: { atMs: 9, fence: { purpose: 'cancel', principal: 'bob' }, end: { status: 'cancelled' } },
    answer: undefined,
  }));
  const fenced = { code: 'LEASE_FENCED', details: { epoch: 1, current: 2 } };
  await expect(held.commit({ events: [intent(1)] })).rejects.toMatchObject(fenced);
  await expect(held.checkHeld()).rejects.toMatchObject(fenced);
  await expect(held.finish({ status: 'completed', atMs: 9 })).rejects.toMatchObject(fenced);
  await expect(held.changeUnits('reset', 9)).rejects.toMatchObject(fenced);
  expect(await second.look(JOB)).toMatchObject({ job: { status: 'cancelled' }, units: { counts: { pending: 5 } } });
});

test('what a command printed before a commit is in the log when the commit stands, whenever the runner dies', async () => {
  const url = makeStoreUrl();
  await using store = openStore(url);
  await createJob(store);
  const held = await store.take(JOB, makeClaim(), () => {});
  held.log.write('row 1 stdout | shipped');
  await held.commit({ events: [intent(1)] });
  expect(await store.logTail(JOB, 9)).toEqual(['row 1 stdout | shipped']);
  for (let at = 0; at < 300; at += 1) {
    held.log.write(`${at} ${'x'.repeat(1_000)}`);
    if (at % 10 === 0) await held.commit({ events: [] });
  }
  await held.release();
  const tail = await store.logTail(JOB, 1_000);
  expect(tail.at(-1)).toMatch(/^299 x/);
  expect(tail.length).toBeGreaterThanOrEqual(64);
  const [{ kept = 0 } = {}] = (await ask(url, 'SELECT sum(octet_length(lines))::int AS kept FROM log_lines')) as {
    kept?: number;
  }[];
  expect(kept).toBeLessThan(200_000);
});
