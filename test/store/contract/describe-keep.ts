import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../helpers/sample-evidence.ts';
import { AT_MS, addJob, type MakeStorePlace, NO_PID, take } from './store-place.ts';

/** What is kept beside jobs and units: reports, the end of the log, and who is told of changes. */
export function describeKeep(make: MakeStorePlace): void {
  describe('saveReport and report', () => {
    it('keep every report, and show the last that was a last word', async () => {
      await using place = await make();
      const store = place.open();
      const { id, name } = await addJob(store);
      const report = sampleReport({ job: { ...sampleReport().job, id, name } });
      expect(await store.report(id)).toBeUndefined();
      expect(await store.saveReport(report, { isLastWord: true })).toContain(id);
      expect(await place.open().report(id)).toEqual(report);
      const late = { ...report, report_id: 'report-2', principal: 'local:late' };
      expect(await store.saveReport(late, { isLastWord: false })).toContain('report-2');
      expect(await store.report(id)).toEqual(report);
      await store.saveReport({ ...report, report_id: 'report-3', principal: 'local:next' }, { isLastWord: true });
      expect((await store.report(id))?.report_id).toBe('report-3');
    });
  });

  describe('log and logTail', () => {
    it('keep the end of what commands printed, as it is, for everybody who looks', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const held = await take(store, id);
      held.log.write('\u001b[31mred\u202e');
      for (let line = 1; line <= 5_000; line += 1) held.log.write(`line ${line} ü`);
      await held.release();
      const other = place.open();
      expect(await other.logTail(id, 2)).toEqual(['line 4999 ü', 'line 5000 ü']);
      const tail = await other.logTail(id, 1_000);
      expect(tail).toEqual(Array.from({ length: 1_000 }, (_, index) => `line ${4_001 + index} ü`));
      expect(await other.logTail(id, 0)).toEqual([]);
      const next = await take(store, id);
      next.log.write('of the next run');
      await next.release();
      expect(await other.logTail(id, 2)).toEqual(['line 5000 ü', 'of the next run']);
    });

    it('is empty while nothing was printed', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      expect(await store.logTail(id, 9)).toEqual([]);
    });
  });

  describe('watch', () => {
    it('tells of what somebody else changed', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const { promise: heard, resolve } = Promise.withResolvers<void>();
      const stop = place.open().watch(resolve);
      const change = () => store.change(id, {}, () => ({ answer: 0, change: { atMs: AT_MS, status: 'stopped' } }));
      // A watch may need a moment to begin.
      const again = setInterval(() => void change().catch(() => {}), 200);
      await heard;
      clearInterval(again);
      await change();
      expect(stop).not.toThrow();
    });
  });

  describe('verify, engine and place', () => {
    it('find a store whole after everything that was done with it', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      await (await take(store, id)).release();
      expect(await store.verify()).toEqual({ jobCount: 1, problems: [] });
      expect(await store.engine()).toMatch(/^\w+ \d+(\.\d+)+/);
      expect(store.place).not.toBe('');
    });
  });

  describe('another identity', () => {
    it('is recorded as the holder, and told from this process', async () => {
      await using place = await make();
      const identity = { host: 'far', bootId: 'b', pidNamespace: 'n', pid: NO_PID, pidStartTicks: 7 };
      const store = place.open({ identity });
      const { id } = await addJob(store);
      const held = await take(store, id);
      expect(await place.open().look(id)).toMatchObject({
        runner: identity,
        liveness: { host: 'other', lock: 'held' },
      });
      expect(await store.look(id)).toMatchObject({ liveness: { host: 'same' } });
      await held.release();
    });
  });
}
