import { describe, expect, it } from 'vitest';
import type { NativeStatus } from '../../../src/core/job/schema.ts';
import type { JobStore } from '../../../src/store/contract.ts';
import { LIST_CLASSES, type ListClass, type ListFilter, type ListReader } from '../../../src/store/list-contract.ts';
import { AT_MS, addJob, done, ERROR, ended, intent, type MakeStorePlace, take } from './store-place.ts';

const ALL: ListFilter = { scope: 'all', excludedSeqs: [] };

type Seed = {
  readonly name: string;
  /** The status it ended with; without it the job was never begun. */
  readonly end?: NativeStatus;
  readonly doubt?: true;
  readonly atMs?: number;
};

async function plant(store: JobStore, { name, end, doubt, atMs = AT_MS }: Seed): Promise<number> {
  const { id, seq } = await addJob(store, ['2', '1'], { name, atMs });
  if (end === undefined) return seq;
  const held = await take(store, id, { atMs });
  if (doubt) await held.commit({ events: [intent(2)] });
  if (end === 'running') {
    await held.release();
    return seq;
  }
  await held.finish({ status: end, atMs, ...(end === 'failed' && { error: ERROR }) });
  await held.release();
  return seq;
}

/** The order of a list, and what it shows. */
export function describeList(make: MakeStorePlace): void {
  const read = async <T>(store: JobStore, ask: (reader: ListReader) => Promise<T>): Promise<T> => {
    const answer = await store.list(async (reader) => ({ value: await ask(reader) }));
    if (!answer) throw new Error('there is no store');
    return answer.value;
  };

  describe('list', () => {
    it('puts every job in one class, by its status and by what is open', async () => {
      await using place = await make();
      const store = place.open();
      const seeds: readonly (readonly [ListClass, Seed])[] = [
        ['interrupted', { name: 'never begun' }],
        ['interrupted', { name: 'running', end: 'running' }],
        ['interrupted', { name: 'stopped', end: 'stopped' }],
        ['failed', { name: 'failed', end: 'failed' }],
        ['finished', { name: 'finished', end: 'completed' }],
        ['cancelled', { name: 'cancelled', end: 'cancelled' }],
        ['in doubt', { name: 'finished in doubt', end: 'completed', doubt: true }],
        ['in doubt', { name: 'cancelled in doubt', end: 'cancelled', doubt: true }],
        ['in doubt', { name: 'failed in doubt', end: 'failed', doubt: true }],
      ];
      const expected = new Map<ListClass, number[]>(LIST_CLASSES.map((name) => [name, []]));
      for (const [name, seed] of seeds) expected.get(name)?.unshift(await plant(store, seed));
      await read(store, async (reader) => {
        for (const [name, seqs] of expected) {
          expect(await reader.read(ALL, name, { offset: 0, limit: 99 })).toEqual(seqs);
          expect(await reader.count(ALL, name)).toBe(seqs.length);
        }
        expect(await reader.countAll(ALL)).toBe(9);
        expect(await reader.countAll({ ...ALL, scope: 'attention' })).toBe(7);
        const [first = 0, second = 0] = expected.get('interrupted') ?? [];
        expect(await reader.read({ ...ALL, excludedSeqs: [second] }, 'interrupted', { offset: 0, limit: 1 })).toEqual([
          first,
        ]);
        expect(await reader.countAll({ ...ALL, excludedSeqs: [first, second] })).toBe(7);
      });
    });

    it('pages through a class without loss or repeats, by places and by counting, ties included', async () => {
      await using place = await make();
      const store = place.open();
      for (let index = 0; index < 11; index += 1)
        await plant(store, { name: `job ${index}`, atMs: AT_MS + (index % 3) });
      await read(store, async (reader) => {
        const whole = await reader.read(ALL, 'interrupted', { offset: 0, limit: 99 });
        const jobs = await reader.describe(whole, { withReceipts: false });
        const keys = jobs.map(({ activeAtMs, seq }) => [activeAtMs, seq] as const);
        expect(keys).toEqual(keys.toSorted(([a, b], [c, d]) => c - a || d - b));
        const counted = await Promise.all(
          [0, 4, 8, 12].map((offset) => reader.read(ALL, 'interrupted', { offset, limit: 4 })),
        );
        expect(counted.flat()).toEqual(whole);
        const walked: number[] = [];
        for (;;) {
          const last = jobs.find(({ seq }) => seq === walked.at(-1));
          const slice = { ...(last && { after: last }), offset: 0, limit: 3 };
          const page = await reader.read(ALL, 'interrupted', slice);
          if (page.length === 0) break;
          walked.push(...page);
        }
        expect(walked).toEqual(whole);
        const [third] = jobs.slice(2);
        const behind = { ...(third && { after: third }), offset: 2, limit: 2 };
        expect(await reader.read(ALL, 'interrupted', behind)).toEqual(whole.slice(5, 7));
      });
    });

    it('finds by part of the name in any case, by the beginning of the id, and by kind; nothing is a pattern', async () => {
      await using place = await make();
      const store = place.open();
      const named = new Map<number, string>();
      for (const [id, name, kind] of [
        ['bone', 'California Orders', 'batch'],
        ['btwo', '100%', 'batch'],
        ['bthree', 'Texas_\\', 'workflow'],
      ] as const)
        named.set((await addJob(store, ['1'], { id, name, kind })).seq, name);
      await read(store, async (reader) => {
        const find = async (filter: Partial<ListFilter>) => {
          const seqs = await reader.read({ ...ALL, ...filter }, 'interrupted', { offset: 0, limit: 9 });
          expect(await reader.countAll({ ...ALL, ...filter })).toBe(seqs.length);
          expect(await reader.match(seqs.toReversed(), filter)).toEqual(seqs.toReversed());
          return seqs.map((seq) => named.get(seq));
        };
        expect(await find({ text: 'oRDERS' })).toEqual(['California Orders']);
        expect(await find({ text: 'bt' })).toEqual(['Texas_\\', '100%']);
        expect(await find({ text: '%' })).toEqual(['100%']);
        expect([await find({ text: '_' }), await find({ text: '\\' })]).toEqual([['Texas_\\'], ['Texas_\\']]);
        for (const text of ['one', "'", '___']) expect(await find({ text })).toEqual([]);
        expect(await find({ kind: 'workflow' })).toEqual(['Texas_\\']);
        expect(await find({ text: '' })).toHaveLength(3);
        expect(await reader.match([...named.keys(), 999_999], { text: 'texas' })).toHaveLength(1);
      });
    });

    it('describes jobs in the order they are named, and leaves out one that is not there', async () => {
      await using place = await make();
      const store = place.open();
      const first = await addJob(store, ['3', '2', '1'], { name: 'held' });
      const held = await take(store, first.id);
      await held.commit({ events: [intent(1), done(1), intent(2), ended('failed', 2), intent(3)] });
      const other = await plant(store, { name: 'failed', end: 'failed' });
      await read(store, async (reader) => {
        const jobs = await reader.describe([other, 999_999, first.seq], { withReceipts: true });
        expect(jobs).toMatchObject([
          { seq: other, name: 'failed', status: 'failed', released: true, lastError: ERROR, receiptCount: 0 },
          {
            seq: first.seq,
            id: first.id,
            status: 'running',
            released: false,
            runCount: 1,
            lastError: ERROR,
            receiptCount: 1,
          },
        ]);
        expect(jobs[1]).toMatchObject({ kind: 'batch', spec: first.spec, rows: first.rows, createdAtMs: AT_MS });
        expect(jobs[1]?.counts).toEqual({ pending: 0, in_doubt: 1, done: 1, failed: 1, skipped: 0, needs_review: 0 });
        for (const job of jobs) expect([job.isAuditBroken, job.isRegressed]).toEqual([false, false]);
        const [bare] = await reader.describe([first.seq], { withReceipts: false });
        expect(bare).not.toHaveProperty('receiptCount');
        expect(await reader.describe([], { withReceipts: true })).toEqual([]);
      });
    });

    it('sees one instant, whatever is recorded meanwhile', async () => {
      await using place = await make();
      const store = place.open();
      await plant(store, { name: 'first' });
      const counts = await read(store, async (reader) => {
        const before = await reader.countAll(ALL);
        await plant(place.open(), { name: 'meanwhile' });
        return [before, await reader.countAll(ALL)];
      });
      expect(counts[0]).toBe(counts[1]);
    });
  });
}
