import { describe, expect, it } from 'vitest';
import type { JobStore } from '../../../src/store/contract.ts';
import {
  AT_MS,
  addJob,
  done,
  ERROR,
  ended,
  expectRefused,
  intent,
  lookAt,
  type MakeStorePlace,
  statusesOf,
  take,
  word,
} from './store-place.ts';

const NOTHING = { answer: undefined };

/** Changes are judged by what is true when they are made, and are made whole or not at all. */
export function describeChange(make: MakeStorePlace): void {
  const makeJob = async () => {
    const place = await make();
    const store = place.open();
    const { id } = await addJob(store, ['3', '2', '1']);
    return { place, store, id };
  };
  const append = (store: JobStore, id: string, action: string) =>
    store.change(id, {}, ({ audit }) => ({
      answer: audit.entryCount,
      change: { atMs: AT_MS, audit: [word({ action })] },
    }));

  describe('change', () => {
    it('is told what is true in its transaction, and answers what was decided', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const held = await take(store, id);
      await held.commit({ events: [intent(2)] });
      const other = place.open();
      const seen = await other.change(id, { units: [2, 99, 1], withCounts: true }, (state) => ({ answer: state }));
      expect(seen.units.map(({ number, key, status }) => [number, key, status])).toEqual([
        [1, '3', 'pending'],
        [2, '2', 'in_doubt'],
      ]);
      expect(seen).toMatchObject({ job: { id, status: 'running' }, epoch: 1, journalSequence: 1 });
      expect(seen).toMatchObject({ runner: { epoch: 1 }, liveness: { lock: 'held' }, runTokens: [held.runToken] });
      expect(seen).toMatchObject({ audit: { entryCount: 1 }, counts: { pending: 2, in_doubt: 1 } });
      await held.finish({ status: 'stopped', atMs: AT_MS });
      const after = await other.change(id, {}, (state) => ({ answer: state }));
      expect([after.liveness, after.counts, after.units]).toEqual([undefined, undefined, []]);
      expect(after.runner?.releasedAtMs).toBe(AT_MS);
    });

    it('writes everything it is told, in one go', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const held = await take(store, id);
      await held.commit({ events: [intent(1), ended('unknown', 1)] });
      await held.release();
      await store.change(id, {}, () => ({
        answer: undefined,
        change: {
          atMs: AT_MS + 7,
          fence: { purpose: 'settle', principal: 'local:eve' },
          events: [{ type: 'settled', number: 1, as: 'done', receipt: '1Z', reason: 'seen', atMs: AT_MS + 7 }],
          rows: { sha256: 'ab', sizeBytes: 2 },
          end: { status: 'failed', error: ERROR },
          audit: [
            word({ action: 'settle', details: { epoch: 2 } }),
            word({ action: 'x', outcome: 'refused', code: 'E' }),
          ],
        },
      }));
      const seen = await lookAt(store, id);
      expect(seen).toMatchObject({ epoch: 2, runner: { epoch: 1, fenced: true }, runTokens: [held.runToken] });
      expect(seen.job).toMatchObject({ status: 'failed', error: ERROR, endedAtMs: AT_MS + 7, activeAtMs: AT_MS + 7 });
      expect(seen.job.rows).toEqual({ path: '/rows.csv', sha256: 'ab', sizeBytes: 2 });
      expect(seen.units).toMatchObject({ counts: { done: 1 }, doneWithReceipt: 1, lastDone: { receipt: '1Z' } });
      expect(seen.audit).toEqual({ entryCount: 3, actions: ['run', 'settle'] });
      expect((await store.verify())?.problems).toEqual([]);
    });

    it('changes nothing when it is refused, however far it got', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const refuse = (change: object) => () =>
        store.change(id, {}, () => ({ ...NOTHING, change: { atMs: AT_MS, ...change } }));
      const fence = { purpose: 'settle', principal: 'p' } as const;
      await expectRefused({ store, id }, refuse({ fence, audit: [word()], events: [done(1)] }), 'UNIT_CHANGED');
      const lastly = () => {
        throw Object.assign(new Error('the last thing'), { code: 'LAST' });
      };
      await expectRefused({ store, id }, refuse({ fence, audit: [word()], events: [intent(1)], lastly }), 'LAST');
      const judge = () => {
        throw Object.assign(new Error('judged'), { code: 'JUDGED' });
      };
      await expectRefused({ store, id }, () => store.change(id, {}, judge), 'JUDGED');
      await expect(store.change('bnone', {}, () => NOTHING)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
    });

    it('does the last thing once, when nothing else can fail', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      let times = 0;
      const lastly = () => {
        times += 1;
      };
      await store.change(id, {}, () => ({ ...NOTHING, change: { atMs: AT_MS, status: 'stopped', lastly } }));
      expect([times, (await lookAt(store, id)).job.status]).toEqual([1, 'stopped']);
    });

    it('is made one after another: of many at once each sees what the one before wrote', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const stores = Array.from({ length: 5 }, () => place.open());
      const asked = Array.from({ length: 20 }, (_, index) => append(stores[index % 5] ?? store, id, `action ${index}`));
      const counts = await Promise.all(asked);
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
      expect((await lookAt(store, id)).audit.broken).toBeUndefined();
      expect((await store.audit(id)).map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    });

    it('of a holder and of a person at once, each is whole', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const held = await take(store, id);
      const other = place.open();
      await Promise.all([
        held.commit({ events: [intent(1)] }),
        append(other, id, 'one'),
        held.commit({ events: [done(1), intent(2)] }),
        held.pending({ number: 0, limit: 9 }),
        append(other, id, 'two'),
        held.checkHeld(),
      ]);
      expect(await statusesOf(store, id)).toEqual(['done', 'in_doubt', 'pending']);
      expect((await lookAt(store, id)).audit.entryCount).toBe(3);
    });
  });

  describe('finish', () => {
    it('says nothing when the journal went on from where it was seen', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const held = await take(store, id);
      await held.commit({ events: [intent(1)] });
      const end = { status: 'completed', atMs: AT_MS } as const;
      const { units, job, runner } = await lookAt(store, id);
      expect(await held.finish({ ...end, journalSequence: units.journalSequence - 1 })).toBe(false);
      const after = await lookAt(store, id);
      expect([after.job, after.runner]).toEqual([job, runner]);
      expect(await held.finish({ ...end, journalSequence: units.journalSequence })).toBe(true);
      expect((await lookAt(store, id)).job.status).toBe('completed');
    });

    it('says the last word and lets the job go at once', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const held = await take(store, id);
      await held.finish({ status: 'failed', error: ERROR, atMs: AT_MS + 9 });
      const { job, runner } = await lookAt(place.open(), id);
      expect(job).toMatchObject({ status: 'failed', endedAtMs: AT_MS + 9, activeAtMs: AT_MS + 9, error: ERROR });
      expect(runner).toMatchObject({ epoch: 1, releasedAtMs: AT_MS + 9, fenced: false });
      await held.release();
      const again = await take(store, id);
      const { job: running } = await lookAt(store, id);
      expect([again.epoch, running.status, running.runCount, running.error, running.endedAtMs]).toEqual([
        ...[2, 'running', 2, undefined, undefined],
      ]);
    });
  });

  describe('the audit chain', () => {
    it('is kept in order, with every word as it was said', async () => {
      const { place, store, id } = await makeJob();
      await using _place = place;
      const words = [
        word({ details: { epoch: 1, nested: { b: [1, null], a: 'ü \u202e' } }, planDigest: 'aa' }),
        word({
          principal: "eve'; --",
          outcome: 'refused',
          code: 'ACCESS_DENIED',
          details: { message: 'unauthorized' },
        }),
        word({ action: 'settle', atMs: 0 }),
      ];
      await store.change(id, {}, () => ({ ...NOTHING, change: { atMs: AT_MS, audit: words } }));
      const chain = await store.audit(id);
      expect(chain.map(({ sequence, hash: _hash, ...said }) => [sequence, said])).toEqual([
        [1, words[0]],
        [2, words[1]],
        [3, words[2]],
      ]);
      for (const { hash } of chain) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    });

    it.each(['edited', 'cut'] as const)(
      'AUDIT_BROKEN: nothing is written on one that was %s, and nobody takes the job',
      async (how) => {
        const { place, store, id } = await makeJob();
        await using _place = place;
        for (const action of ['one', 'two', 'three']) await append(store, id, action);
        await place.damageAudit(id, how);
        const at = how === 'edited' ? 1 : 3;
        expect((await lookAt(store, id)).audit.broken?.sequence).toBe(at);
        await expectRefused({ store, id }, () => append(store, id, 'four'), 'AUDIT_BROKEN');
        await expectRefused({ store, id }, () => take(store, id), 'AUDIT_BROKEN');
        expect((await store.verify())?.problems).toContainEqual(
          expect.objectContaining({ type: 'damaged', jobId: id }),
        );
        const listed = await store.list(async (reader) => {
          const filter = { scope: 'all', excludedSeqs: [] } as const;
          const seqs = await reader.read(filter, 'interrupted', { offset: 0, limit: 9 });
          return reader.describe(seqs, { withReceipts: false });
        });
        expect(listed).toMatchObject([{ id, isAuditBroken: true }]);
      },
    );
  });
}
