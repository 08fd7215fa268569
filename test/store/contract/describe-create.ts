import { describe, expect, it } from 'vitest';
import type { RowsChange } from '../../../src/store/records.ts';
import { SRC, startScript } from '../../helpers/start-script.ts';
import {
  AT_MS,
  addJob,
  intent,
  KEYS,
  lookAt,
  type MakeStorePlace,
  newJob,
  rowsOf,
  statusesOf,
  take,
} from './store-place.ts';

/** Jobs come in whole or not at all. */
export function describeCreate(make: MakeStorePlace): void {
  describe('a place without a store', () => {
    it('has no jobs, and looking makes none', async () => {
      await using place = await make();
      const store = place.open();
      expect(await store.look('bnone')).toBeUndefined();
      expect(await store.find('bnone', 9)).toEqual([]);
      expect(await store.list(async (reader) => reader.possiblyAlive())).toBeUndefined();
      expect([await store.hasName('x'), await store.sameRows('x', { path: '/x', sha256: 'ab' })]).toEqual([false, []]);
      expect([await store.report('bnone'), await store.logTail('bnone', 5)]).toEqual([undefined, []]);
      await expect(store.units('bnone', { statuses: [], offset: 0, limit: 1 })).rejects.toMatchObject({
        code: 'JOB_UNKNOWN',
        details: { job: 'bnone' },
      });
      expect(await store.verify()).toBeUndefined();
      expect(await place.open().verify()).toBeUndefined();
    });
  });

  describe('create', () => {
    it('records a job with every row, pending, under the keys and numbers given', async () => {
      await using place = await make();
      const store = place.open();
      const asked = newJob({ name: "O'Brien's 100% \u202e", spec: '{"a":"\u001b[31m"}' });
      const job = await store.create(asked, rowsOf(KEYS));
      const rows = { path: '/rows.csv', ...rowsOf(KEYS).digest() };
      expect(job).toEqual({
        ...{ seq: job.seq, id: asked.id, name: asked.name, kind: 'batch', spec: asked.spec, status: 'pending', rows },
        ...{ generation: 1, runCount: 0, createdAtMs: AT_MS, activeAtMs: AT_MS },
      });
      expect(await place.open().find(asked.id, 1)).toEqual([job]);
      const records = await store.unitRecords(job.id, { statuses: [], afterNumber: 0, limit: 9 });
      expect(records).toEqual(
        KEYS.map((key, index) => ({
          ...{ number: index + 1, key, status: 'pending', eventSequence: 0, attempts: 0, dataJson: `{"id":"${key}"}` },
          idempotencyKey: `${job.id}:1:${index + 1}`,
        })),
      );
    });

    it('shows a job to nobody until its last row is in', async () => {
      await using place = await make();
      const other = place.open();
      const asked = newJob();
      const seen: unknown[] = [];
      const rows = rowsOf(KEYS, async () => {
        seen.push(await other.look(asked.id), await other.find(asked.name, 9), await other.hasName(asked.name));
        seen.push(await other.list((reader) => reader.countAll({ scope: 'all', excludedSeqs: [] })));
      });
      await place.open().create(asked, rows);
      expect(new Set(seen.map((one) => JSON.stringify(one ?? 0)))).toEqual(new Set(['0', '[]', 'false']));
      expect(await other.hasName(asked.name)).toBe(true);
    });

    it('ROWS_INVALID: a key that stands twice, in chunks apart, is named with both rows, and nothing stays', async () => {
      await using place = await make();
      const store = place.open();
      const asked = newJob();
      await expect(store.create(asked, rowsOf(['2', '1', '3', '4', '2']))).rejects.toMatchObject({
        code: 'ROWS_INVALID',
        message: "key '2' stands twice: in row 1 and in row 5",
        details: { key: '2', rows: [1, 5] },
      });
      expect([await store.look(asked.id), await store.hasName(asked.name)]).toEqual([undefined, false]);
      expect(await store.create(asked, rowsOf(KEYS))).toMatchObject({ id: asked.id });
    });

    it('leaves no job when it is judged so in the end, by what other jobs have the same rows', async () => {
      await using place = await make();
      const store = place.open();
      const first = await addJob(store, KEYS, { name: 'orders' });
      await addJob(store, ['9'], { name: 'orders', rowsPath: '/else.csv' });
      await addJob(store, KEYS, { name: 'other' });
      const asked = newJob({ name: 'orders' });
      const told: unknown[] = [];
      const refuse = store.create(asked, rowsOf(KEYS), (same) => {
        told.push(same.map(({ job, unfinished }) => [job.id, unfinished]));
        throw new Error('refused');
      });
      await expect(refuse).rejects.toThrow('refused');
      expect(told).toEqual([[[first.id, true]]]);
      expect(await store.look(asked.id)).toBeUndefined();
    });

    it('leaves nothing of a process that dies in the middle, and lets the next one bring the same rows in', async () => {
      await using place = await make();
      const asked = newJob();
      await using importer = startScript(`
        import { openJobStore } from '${SRC}/store/open-store.ts';
        const store = openJobStore(${JSON.stringify(place.place)}, { nowMs: Date.now });
        async function* chunks() {
          yield [{ number: 1, key: '2', dataJson: '{}' }];
          console.log('half');
          await new Promise(() => setInterval(() => {}, 60_000));
        }
        const digest = () => ({ sha256: 'ab', sizeBytes: 1 });
        await store.create(${JSON.stringify(asked)}, { chunks: chunks(), digest });
      `);
      await importer.says('half');
      const store = place.open();
      expect(await store.look(asked.id)).toBeUndefined();
      importer.signal('SIGKILL');
      await importer.ended;
      expect(await store.sameRows(asked.name, { path: asked.rowsPath, sha256: 'ab' })).toEqual([]);
      const next = await store.create(newJob({ name: asked.name }), rowsOf(KEYS));
      expect(await statusesOf(store, next.id)).toEqual(KEYS.map(() => 'pending'));
      expect((await store.verify())?.problems).toEqual([]);
    });

    it('lets several processes bring jobs in at once', async () => {
      await using place = await make();
      const stores = Array.from({ length: 4 }, () => place.open());
      const jobs = await Promise.all(stores.map((store) => addJob(store)));
      expect(new Set(jobs.map(({ seq }) => seq)).size).toBe(4);
      for (const { id } of jobs) expect(await stores[0]?.look(id)).toMatchObject({ job: { status: 'pending' } });
    });
  });

  describe('find', () => {
    it('prefers the exact id, then the name, then the beginning of an id, in the order jobs were recorded', async () => {
      await using place = await make();
      const store = place.open();
      for (const [id, name] of [
        ['bab', 'one'],
        ['babc', 'bab'],
        ['bxyz', 'two'],
        ['bxyy', 'two'],
      ] as const)
        await addJob(store, ['1'], { id, name });
      const find = async (reference: string, limit = 9) => (await store.find(reference, limit)).map(({ id }) => id);
      expect(await find('bab')).toEqual(['bab']);
      expect(await find('two')).toEqual(['bxyz', 'bxyy']);
      expect(await find('two', 1)).toEqual(['bxyz']);
      expect(await find('bx')).toEqual(['bxyz', 'bxyy']);
      expect(await find('ba')).toEqual(['bab', 'babc']);
      for (const nobody of ['c', 'Two', 'b%', 'b_b', "b'"]) expect(await find(nobody)).toEqual([]);
    });
  });

  describe('takeBack', () => {
    it('removes a job that nobody ever held, and no other', async () => {
      await using place = await make();
      const store = place.open();
      const [one, held] = [await addJob(store, KEYS, { name: 'one' }), await addJob(store, KEYS, { name: 'held' })];
      const holder = await take(store, held.id);
      await store.takeBack(one.id);
      await store.takeBack(held.id);
      await store.takeBack('bnone');
      expect([await store.look(one.id), await store.hasName('one')]).toEqual([undefined, false]);
      await holder.release();
      await store.takeBack(held.id);
      expect(await statusesOf(store, held.id)).toEqual(KEYS.map(() => 'pending'));
      expect((await store.verify())?.problems).toEqual([]);
      expect(await statusesOf(store, (await addJob(store, KEYS, { id: one.id })).id)).toHaveLength(KEYS.length);
    });
  });

  describe('sameRows and sharedRows', () => {
    it('find jobs of the same rows: by name the newest first, and unfinished ones of any', async () => {
      await using place = await make();
      const store = place.open();
      const sha256 = rowsOf(KEYS).digest().sha256;
      const [first, second] = [
        await addJob(store, KEYS, { name: 'orders' }),
        await addJob(store, KEYS, { name: 'orders' }),
      ];
      const [other, over] = [await addJob(store, KEYS, { name: 'other' }), await addJob(store, KEYS, { name: 'over' })];
      for (const { id } of [first, over]) {
        const held = await take(store, id);
        await held.finish({ status: 'completed', atMs: AT_MS });
        await held.release();
      }
      expect(
        (await store.sameRows('orders', { path: '/else.csv', sha256 })).map(({ job, unfinished }) => [
          job.id,
          unfinished,
        ]),
      ).toEqual([
        [second.id, true],
        [first.id, false],
      ]);
      expect((await store.sharedRows(second.id, 9)).map(({ id }) => id)).toEqual([other.id]);
      expect((await store.sharedRows(other.id, 9)).map(({ id }) => id)).toEqual([second.id]);
      const third = await addJob(store, KEYS, { name: 'orders' });
      expect((await store.sharedRows(third.id, 9)).map(({ id }) => id)).toEqual([other.id, second.id]);
    });

    it('find an unfinished job that was made of the very file, whatever is in it now', async () => {
      await using place = await make();
      const store = place.open();
      const [first, second] = [
        await addJob(store, KEYS, { name: 'orders', rowsPath: '/orders.csv' }),
        await addJob(store, ['x'], { name: 'orders', rowsPath: '/orders.csv' }),
      ];
      const find = async (path: string, keys: readonly string[]) => {
        const same = await store.sameRows('orders', { path, sha256: rowsOf(keys).digest().sha256 });
        return same.map(({ job, unfinished, changed }) => [job.id, unfinished, changed]);
      };
      expect(await find('/orders.csv', ['y'])).toEqual([
        [second.id, true, true],
        [first.id, true, true],
      ]);
      expect(await find('/else.csv', ['y'])).toEqual([]);
      const held = await take(store, second.id);
      await held.finish({ status: 'completed', atMs: AT_MS });
      expect(await find('/orders.csv', ['y'])).toEqual([[first.id, true, true]]);
      expect(await find('/orders.csv', ['x'])).toEqual([
        [second.id, false, false],
        [first.id, true, true],
      ]);
      await held.release();
      // Of a cancelled job a row may wait to be decided on.
      const again = await take(store, first.id);
      await again.commit({ events: [intent(1)] });
      await again.finish({ status: 'cancelled', atMs: AT_MS });
      expect(await find('/else.csv', KEYS)).toEqual([[first.id, true, false]]);
    });

    it('know every content that the file of a job of the same rows had or was about to get', async () => {
      await using place = await make();
      const store = place.open();
      const original = rowsOf(KEYS).digest();
      const { id } = await addJob(store, KEYS, { name: 'orders' });
      const other = await addJob(store, KEYS, { name: 'other' });
      const before = { sha256: 'before', sizeBytes: 1 };
      const after = { sha256: 'after', sizeBytes: 2 };
      const record = (rows: RowsChange) => store.change(id, {}, () => ({ answer: 0, change: { atMs: AT_MS, rows } }));
      await record({ ...before, next: after });
      const expected = { path: '/rows.csv', ...before, sha256Expected: 'after' };
      expect((await lookAt(store, id)).job.rows).toEqual(expected);
      for (let time = 0; time < 2; time += 1) await record(after);
      const { job, rowsFiles } = await lookAt(store, id);
      expect(job.rows).toEqual({ path: '/rows.csv', ...after });
      const known = [original, before, after];
      expect(new Map(rowsFiles.map((file) => [file.sha256, file]))).toEqual(
        new Map(known.map((file) => [file.sha256, file])),
      );
      expect(rowsFiles).toHaveLength(3);
      expect(await store.change(id, {}, (state) => ({ answer: state.rowsFiles }))).toEqual(rowsFiles);
      const listed = await store.list((reader) => reader.describe([job.seq, other.seq], { withReceipts: false }));
      expect(listed?.map((one) => one.rowsFiles)).toEqual([rowsFiles, rowsFiles]);
      for (const { sha256 } of known)
        expect((await store.sameRows('orders', { path: '/', sha256 })).map((same) => same.job.id)).toEqual([id]);
      expect((await store.sharedRows(other.id, 9)).map((shared) => shared.id)).toEqual([id]);
    });
  });
}
