import { describe, expect, it } from 'vitest';
import type { UnitEvent } from '../../../src/store/unit-events.ts';
import {
  AT_MS,
  addJob,
  done,
  ERROR,
  ended,
  expectRefused,
  intent,
  KEYS,
  lookAt,
  type MakeStorePlace,
  receipt,
  settled,
  statusesOf,
  take,
  takenBack,
  unanswered,
} from './store-place.ts';

/** Units, their journal, and the states that follow from it. */
export function describeUnits(make: MakeStorePlace): void {
  /** A job that is held, with one row in each state a row can be in. */
  const makeMixed = async () => {
    const place = await make();
    const store = place.open();
    const keys = ['6', '5', '4', '3', '2', '1'];
    const { id } = await addJob(store, keys);
    const held = await take(store, id);
    for (const number of [2, 3, 4, 5, 6]) await held.commit({ events: [intent(number)] });
    const events = [done(3), ended('failed', 4), ended('unknown', 5), ended('unknown', 6), settled(6, 'skipped')];
    await held.commit({ events });
    return { place, store, id, held, statuses: () => statusesOf(store, id) };
  };
  const MIXED = ['pending', 'in_doubt', 'done', 'failed', 'needs_review', 'skipped'];

  describe('commit', () => {
    it('UNIT_CHANGED: names the unit and the event, and changes nothing', async () => {
      const { place, store, id, held } = await makeMixed();
      await using _place = place;
      const commit = () => held.commit({ events: [intent(1), done(4)], beatAtMs: AT_MS + 99 });
      await expectRefused({ store, id }, commit, 'UNIT_CHANGED');
      await expect(commit()).rejects.toMatchObject({ details: { unit: 4, event: 'done' } });
    });

    it('knows a unit in doubt by what its work is known by, until something else is known of it', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store, ['2', '1']);
      const held = await take(store, id);
      const begun = (number: number) => ({ type: 'begun', number, reference: `job ${number}`, atMs: AT_MS }) as const;
      await held.commit({ events: [intent(2), begun(2)] });
      await expectRefused({ store, id }, () => held.commit({ events: [begun(1)] }), 'UNIT_CHANGED');
      const inDoubt = async () =>
        (await held.inDoubt({ number: 0, limit: 9 })).map(({ number, reference }) => [number, reference]);
      expect(await inDoubt()).toEqual([[2, 'job 2']]);
      await held.commit({ events: [unanswered(2, 1)] });
      expect(await inDoubt()).toEqual([[2, undefined]]);
      await held.commit({ events: [done(2)] });
      expect(await statusesOf(store, id)).toEqual(['pending', 'done']);
      expect((await store.verify())?.problems).toEqual([]);
    });

    it('keeps the receipt of an attempt until the next one, and the error until it is done', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store, ['2', '1']);
      const held = await take(store, id);
      const say = async (...events: UnitEvent[]) => {
        await held.commit({ events });
        const [unit] = await store.unitRecords(id, { statuses: [], afterNumber: 0, limit: 1 });
        return [unit?.receipt, unit?.error?.code, unit?.resultJson, unit?.attempts, unit?.finishedAtMs];
      };
      const none = undefined;
      expect(await say(intent(1))).toEqual([none, none, none, 1, none]);
      expect(await say(receipt(1))).toEqual(['1Z1', none, none, 1, none]);
      expect(await say(ended('retry', 1))).toEqual(['1Z1', 'E-3001', none, 1, none]);
      expect(await say(intent(1, 2))).toEqual([none, 'E-3001', none, 2, none]);
      const end: UnitEvent = { type: 'done', number: 1, resultJson: '{"big":12345678901234567890}', atMs: AT_MS + 5 };
      expect(await say(receipt(1), end)).toEqual(['1Z1', none, '{"big":12345678901234567890}', 2, AT_MS + 5]);
    });

    it('takes back a failure; of what is neither failed nor to be tried again only a first receipt counts', async () => {
      const { place, store, id, held, statuses } = await makeMixed();
      await using _place = place;
      await held.commit({ events: [1, 2, 3, 4, 5, 6].map((number) => takenBack(number)) });
      expect(await statuses()).toEqual(MIXED.with(0, 'needs_review').with(3, 'needs_review'));
      await held.commit({ events: [5, 6, 3].map((number) => takenBack(number, `late ${number}`)) });
      await held.commit({ events: [takenBack(5, 'later')] });
      const units = await store.unitRecords(id, { statuses: [], afterNumber: 0, limit: 9 });
      expect(units.map(({ receipt: kept, error }) => [kept, error?.code])).toEqual([
        [undefined, 'E-9'],
        [undefined, undefined],
        ['1Z3', undefined],
        [undefined, 'E-9'],
        ['late 5', 'E-9'],
        [undefined, 'E-3001'],
      ]);
      expect(units[3]?.finishedAtMs).toBeUndefined();
      expect((await lookAt(store, id)).units.journalSequence).toBe(13);
      expect((await store.verify())?.problems).toEqual([]);
    });

    it('keeps any text there can be, as it is', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store, ['1']);
      const held = await take(store, id);
      const message = "it's \u001b[31m \u202e '; DROP TABLE units; -- \ud83d\ude80 \\ %s $1 ?";
      await held.commit({ events: [intent(1), ended('unknown', 1, { code: 'E', message })] });
      expect((await lookAt(store, id)).units.lastFailing?.error).toEqual({ code: 'E', message });
    });

    it('says that the holder lives when the heart beats with it', async () => {
      await using place = await make();
      const atMs = Date.now();
      const store = place.open({ nowMs: () => atMs });
      const { id } = await addJob(store);
      const held = await take(store, id, { atMs: atMs - 3_600_000 });
      await held.commit({ events: [intent(1)] });
      await held.commit({ events: [], beatAtMs: atMs });
      const { runner, liveness, job } = await lookAt(store, id);
      expect(Math.abs(liveness?.heartbeatAgeMs ?? Number.NaN)).toBeLessThan(30_000);
      expect(runner?.acquiredAtMs).toBe(atMs - 3_600_000);
      expect(Math.abs(job.activeAtMs - atMs)).toBeLessThan(30_000);
    });
  });

  describe('look', () => {
    it('says what the units say: counts, receipts, what was done last, what fails, and what waits', async () => {
      const { place, store, id } = await makeMixed();
      await using _place = place;
      const { units } = await lookAt(store, id);
      expect(units.counts).toEqual({ pending: 1, in_doubt: 1, done: 1, failed: 1, needs_review: 1, skipped: 1 });
      expect([units.doneWithReceipt, units.inDoubtWithReceipt, units.inReviewWithReceipt]).toEqual([1, 0, 0]);
      expect(units.lastDone).toMatchObject({ number: 3, key: '4', receipt: '1Z3' });
      expect(units.lastFailing).toMatchObject({ number: 5, key: '2', error: ERROR });
      expect(units.attention.map(({ number, status }) => [number, status])).toEqual([
        [2, 'in_doubt'],
        [5, 'needs_review'],
      ]);
      expect(units.journalSequence).toBe(10);
      expect((await store.verify())?.problems).toEqual([]);
    });
  });

  describe('pending, inDoubt and unitData', () => {
    it('read on after a number, with inputs and keys', async () => {
      const { place, store, id, held } = await makeMixed();
      await using _place = place;
      await held.changeUnits('retry_failed', AT_MS);
      const pending = await held.pending({ number: 0, limit: 9 });
      expect(pending).toEqual([
        { number: 1, key: '6', attempts: 0, dataJson: '{"id":"6"}', idempotencyKey: `${id}:1:1` },
        { number: 4, key: '3', attempts: 1, dataJson: '{"id":"3"}', idempotencyKey: `${id}:1:4` },
      ]);
      expect(await held.pending({ number: 1, limit: 1 })).toEqual(pending.slice(1));
      expect(
        (await held.inDoubt({ number: 0, limit: 9 })).map(({ number, unanswered: vain }) => [number, vain]),
      ).toEqual([[2, 0]]);
      await held.commit({ events: [unanswered(2, 2)] });
      expect(await held.inDoubt({ number: 1, limit: 9 })).toMatchObject([{ number: 2, unanswered: 2, error: ERROR }]);
      const error = { code: 'E', message: 'ended; asked 3 times' };
      const times = { type: 'unanswered', number: 2, times: 3, said: 'asked 3 times', atMs: AT_MS } as const;
      await held.commit({ events: [{ ...times, error }] });
      expect((await held.inDoubt({ number: 1, limit: 9 }))[0]?.doubt).toEqual({ code: 'E', message: 'ended' });
      expect(await held.inDoubt({ number: 2, limit: 9 })).toEqual([]);
      expect(await held.unitData(5)).toBe('{"id":"2"}');
      expect(await statusesOf(store, id)).toEqual([
        'pending',
        'in_doubt',
        'done',
        'pending',
        'needs_review',
        'skipped',
      ]);
    });
  });

  describe('changeUnits', () => {
    it('puts failed units back to be tried again, and no others', async () => {
      const { place, held, statuses } = await makeMixed();
      await using _place = place;
      expect(await held.changeUnits('retry_failed', AT_MS)).toBe(1);
      expect(await statuses()).toEqual(MIXED.with(3, 'pending'));
      expect(await held.changeUnits('retry_failed', AT_MS)).toBe(0);
    });

    it('puts all back to the start in a new generation: no receipts, no errors, other idempotency keys', async () => {
      const { place, store, id, held, statuses } = await makeMixed();
      await using _place = place;
      const other = await addJob(store, KEYS);
      expect(await held.changeUnits('reset', AT_MS)).toBe(6);
      expect(await statuses()).toEqual(MIXED.map(() => 'pending'));
      const { units } = await store.units(id, { statuses: [], offset: 0, limit: 9 });
      for (const { number, attempts, receipt: kept, error, idempotencyKey } of units)
        expect([attempts, kept, error, idempotencyKey]).toEqual([0, undefined, undefined, `${id}:2:${number}`]);
      expect((await held.pending({ number: 5, limit: 1 }))[0]?.idempotencyKey).toBe(`${id}:2:6`);
      expect((await lookAt(store, id)).job.generation).toBe(2);
      expect((await lookAt(store, id)).units.lastDone).toBeUndefined();
      expect((await lookAt(store, other.id)).units.journalSequence).toBe(0);
      expect((await store.verify())?.problems).toEqual([]);
    });

    it('puts units under review back in doubt to be asked about, but those with a receipt; vain questions are carried on', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store, ['3', '2', '1']);
      const held = await take(store, id);
      const error = { code: 'E', message: 'ended; asked in vain' };
      const given: UnitEvent = { type: 'unknown', number: 1, error, times: 3, said: 'asked in vain', atMs: AT_MS };
      await held.commit({ events: [intent(1), given, intent(2), receipt(2), ended('unknown', 2), intent(3)] });
      expect(await held.changeUnits('ask_again', AT_MS)).toBe(1);
      expect(await statusesOf(store, id)).toEqual(['in_doubt', 'needs_review', 'in_doubt']);
      expect(
        (await held.inDoubt({ number: 0, limit: 9 })).map(({ unanswered: times, doubt }) => [times, doubt]),
      ).toEqual([
        [3, { code: 'E', message: 'ended' }],
        [0, undefined],
      ]);
    });
  });

  describe('units, namedUnits and unitRecords', () => {
    it('page by number, count what matches, and never take a key for a number', async () => {
      const { place, store, id } = await makeMixed();
      await using _place = place;
      const page = await store.units(id, { statuses: ['failed', 'pending', 'done'], offset: 1, limit: 1 });
      expect([page.units.map(({ number, key }) => [number, key]), page.total]).toEqual([[[3, '4']], 3]);
      const open = await store.units(id, { statuses: ['needs_review', 'in_doubt'], offset: 0, limit: 9 });
      expect([open.units.map(({ number }) => number), open.total]).toEqual([[2, 5], 2]);
      const named = async (keys: readonly string[], numbers: readonly number[]) =>
        (await store.namedUnits(id, { keys, numbers })).map(({ number, key }) => `${number}:${key}`);
      expect([await named(['2'], []), await named([], [2])]).toEqual([['5:2'], ['2:5']]);
      expect(await named(['4', '2', '4'], [3, 1])).toEqual(['1:6', '3:4', '5:2']);
      expect(await named(['', '02', '9'.repeat(400)], [0, -1, 99])).toEqual([]);
      const records = await store.unitRecords(id, { statuses: ['done', 'skipped'], afterNumber: 3, limit: 9 });
      expect(records.map(({ number, dataJson }) => [number, dataJson])).toEqual([[6, '{"id":"1"}']]);
    });
  });
}
