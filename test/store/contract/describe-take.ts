import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import { SRC, startScript } from '../../helpers/start-script.ts';
import {
  AT_MS,
  addJob,
  done,
  expectRefused,
  intent,
  lookAt,
  type MakeStorePlace,
  NO_PID,
  statusesOf,
  take,
} from './store-place.ts';

const RACERS = 20;

/** One actor at a time, and whoever held a job before writes nothing more. */
export function describeTake(make: MakeStorePlace): void {
  describe('take', () => {
    it('records holder, epoch, audit entry and the begin of the run at once', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const held = await take(store, id, { details: { by: 'test' }, planDigest: 'aa' });
      expect([held.jobId, held.epoch, held.earlierTokens]).toEqual([id, 1, []]);
      const seen = await lookAt(place.open(), id);
      expect(seen.job).toMatchObject({ status: 'running', runCount: 1, startedAtMs: AT_MS });
      expect(seen.runner).toMatchObject({ ...readOwnIdentity(), epoch: 1, runToken: held.runToken, fenced: false });
      expect(seen.runner).toMatchObject({ principal: 'local:ops', acquiredAtMs: AT_MS });
      expect(seen.liveness).toMatchObject({ lock: 'held', host: 'same' });
      expect([seen.epoch, seen.runTokens]).toEqual([1, [held.runToken]]);
      expect(await store.audit(id)).toMatchObject([
        { sequence: 1, action: 'run', outcome: 'done', planDigest: 'aa', details: { by: 'test', epoch: 1 } },
      ]);
      expect(seen.audit).toEqual({ entryCount: 1, actions: ['run'] });
    });

    it('LEASE_HELD: names the holder while the proof of life is held, from another host too', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const held = await take(store, id);
      const elsewhere = place.open({ identity: { ...readOwnIdentity(), host: 'elsewhere' } });
      for (const other of [place.open(), elsewhere]) {
        await expectRefused({ store, id }, () => take(other, id), 'LEASE_HELD');
        await expect(take(other, id)).rejects.toMatchObject({ details: { job: id, holder: { epoch: 1 } } });
      }
      expect((await lookAt(elsewhere, id)).liveness).toMatchObject({ host: 'other', lock: 'held' });
      await held.checkHeld();
    });

    it('takes nothing when it is judged so, by what is true in the transaction', async () => {
      await using place = await make();
      const store = place.open();
      const { id, name } = await addJob(store);
      const told: unknown[] = [];
      const claim = { runToken: 't', principal: 'p', atMs: AT_MS };
      const audit = { atMs: AT_MS, principal: 'p', action: 'resume', outcome: 'done', details: {} };
      const refuse = () =>
        store.take(id, { ...claim, audit }, ({ job, epoch, journalSequence, runTokens }) => {
          told.push([job.name, job.status, epoch, journalSequence, runTokens]);
          throw new Error('judged');
        });
      await expect(refuse()).rejects.toThrow('judged');
      expect(told).toEqual([[name, 'pending', 0, 0, []]]);
      expect(await lookAt(store, id)).toMatchObject({ epoch: 0, runTokens: [], audit: { entryCount: 0 } });
      expect((await lookAt(store, id)).runner).toBeUndefined();
      // The proof of life was not kept either.
      await (await take(place.open(), id)).release();
    });

    it('JOB_UNKNOWN: there is no such job', async () => {
      await using place = await make();
      const store = place.open();
      await addJob(store);
      await expect(take(store, 'bnone')).rejects.toMatchObject({ code: 'JOB_UNKNOWN', details: { job: 'bnone' } });
    });

    it('is possible again once the holder let go or died, with a higher epoch and the tokens before', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const first = await take(store, id);
      await first.release();
      expect((await lookAt(store, id)).liveness).toMatchObject({ lock: 'free' });
      await using runner = startScript(`
        import { openJobStore } from '${SRC}/store/open-store.ts';
        const store = openJobStore(${JSON.stringify(place.place)}, { nowMs: Date.now });
        const audit = { atMs: 0, principal: 'p', action: 'run', outcome: 'done', details: {} };
        await store.take('${id}', { runToken: 'theirs', principal: 'p', atMs: 0, audit }, () => {});
        console.log('held');
        setInterval(() => {}, 60_000);
      `);
      await runner.says('held');
      expect((await lookAt(store, id)).liveness).toMatchObject({ lock: 'held', process: 'same' });
      await expectRefused({ store, id }, () => take(store, id), 'LEASE_HELD');
      // Stopped is not dead.
      runner.signal('SIGSTOP');
      await expectRefused({ store, id }, () => take(store, id), 'LEASE_HELD');
      runner.signal('SIGKILL');
      await runner.ended;
      const third = await takeSoon(() => take(store, id));
      expect([third.epoch, third.earlierTokens]).toEqual([3, [first.runToken, 'theirs']]);
      expect((await lookAt(store, id)).job.runCount).toBe(3);
    });

    it(`lets one of ${RACERS} processes have a job, and tells the others who has it`, async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const race = `
        import { openJobStore } from '${SRC}/store/open-store.ts';
        const store = openJobStore(${JSON.stringify(place.place)}, { nowMs: Date.now });
        const audit = { atMs: 0, principal: 'p', action: 'run', outcome: 'done', details: {} };
        const claim = { runToken: String(process.pid), principal: 'p', atMs: 0, audit };
        await store.look('${id}');
        process.stdout.write('ready ');
        setTimeout(async () => {
          try {
            const held = await store.take('${id}', claim, () => {});
            console.log('took it with epoch', held.epoch);
          } catch (error) {
            console.log('lost', error.code, JSON.stringify(error.details.holder));
            process.exit();
          }
          setInterval(() => {}, 60_000);
        }, Number(process.env.START_MS) - Date.now());
      `;
      const env = { START_MS: String(Date.now() + 8_000) };
      const racers = Array.from({ length: RACERS }, () => startScript(race, { env }));
      try {
        const says = racers.map((racer) => racer.says('took it with epoch 1').then(() => racer));
        const winner = await Promise.any(says);
        const losers = await Promise.all(racers.filter((racer) => racer !== winner).map((racer) => racer.ended));
        for (const { text } of losers) expect(text).toMatch(/lost LEASE_HELD \{.*"epoch":1/);
        expect(losers).toHaveLength(RACERS - 1);
        expect(await lookAt(store, id)).toMatchObject({
          epoch: 1,
          runner: { pid: winner.pid },
          audit: { entryCount: 1 },
        });
      } finally {
        await Promise.all(racers.map((racer) => racer[Symbol.asyncDispose]()));
      }
    }, 60_000);
  });

  describe('a holder that was fenced', () => {
    it('LEASE_FENCED: writes nothing at all, and changes nothing', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const held = await take(store, id);
      await held.commit({ events: [intent(1)] });
      const fence = { purpose: 'settle', principal: 'local:eve' } as const;
      const audit = [{ atMs: AT_MS, principal: 'local:eve', action: 'settle', outcome: 'done', details: { epoch: 2 } }];
      await place.open().change(id, {}, () => ({ answer: 0, change: { atMs: AT_MS, fence, audit } }));
      const seen = await lookAt(store, id);
      expect([seen.epoch, seen.runner?.epoch, seen.runner?.fenced]).toEqual([2, 1, true]);
      const writes: readonly (() => Promise<unknown>)[] = [
        () => held.checkHeld(),
        () => held.commit({ events: [done(1)] }),
        () => held.commit({ events: [], beatAtMs: AT_MS + 1 }),
        () => held.changeUnits('reset', AT_MS),
        () => held.change({}, () => ({ answer: 0, change: { atMs: AT_MS, status: 'stopped' } })),
        () => held.finish({ status: 'completed', atMs: AT_MS }),
      ];
      for (const write of writes) await expectRefused({ store, id }, write, 'LEASE_FENCED');
      await expect(held.checkHeld()).rejects.toMatchObject({ details: { epoch: 1, current: 2 } });
      expect((await statusesOf(store, id))[0]).toBe('in_doubt');
    });

    it('holds on to its proof of life until it lets go, and nobody runs the job before', async () => {
      await using place = await make();
      const store = place.open();
      const { id } = await addJob(store);
      const held = await take(store, id);
      const fence = { purpose: 'cancel', principal: 'local:eve' } as const;
      await store.change(id, {}, () => ({ answer: 0, change: { atMs: AT_MS, fence } }));
      await expectRefused({ store, id }, () => take(place.open(), id), 'LEASE_HELD');
      await held.release();
      await held.release();
      expect((await take(store, id)).epoch).toBe(3);
    });
  });

  describe('possiblyAlive', () => {
    it('names runs that may live, and leaves out those that let go, or whose process is not there', async () => {
      await using place = await make();
      const own = readOwnIdentity();
      const at = (nowMs: number, identity = own) => place.open({ nowMs: () => nowMs, identity });
      const now = Date.now();
      const store = at(now);
      const hold = async (identity: typeof own, beatAtMs: number) => {
        const { id, seq } = await addJob(store);
        const held = await take(at(beatAtMs, identity), id, { atMs: beatAtMs });
        return { seq, held };
      };
      const mine = await hold(own, now);
      const gone = await hold({ ...own, pid: NO_PID }, now);
      await gone.held.release();
      const finished = await hold(own, now);
      await finished.held.finish({ status: 'completed', atMs: now });
      const far = await hold({ ...own, host: 'elsewhere', pid: NO_PID }, now);
      await far.held.release();
      const alive = (await store.list((reader) => reader.possiblyAlive())) ?? [];
      const seen = new Map(
        alive.map(({ seq, holder, liveness }) => [seq, [holder.epoch, liveness.lock, liveness.host]]),
      );
      expect(seen.get(mine.seq)).toEqual([1, 'held', 'same']);
      expect(seen.has(gone.seq)).toBe(false);
      expect(seen.has(finished.seq)).toBe(false);
      expect(seen.get(far.seq)?.[2]).toBe('other');
    });
  });
}

/** The kernel, or a server, takes a moment to notice that a process died. */
async function takeSoon<T>(attempt: () => Promise<T>, triesLeft = 200): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (triesLeft === 0) throw error;
    await delay(25);
    return takeSoon(attempt, triesLeft - 1);
  }
}
