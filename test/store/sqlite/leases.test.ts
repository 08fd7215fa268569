import { describe, expect, it } from 'vitest';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import {
  beatHeart,
  checkFence,
  insertLease,
  readEpoch,
  readRunner,
  readRunTokens,
  releaseLease,
} from '../../../src/store/sqlite/leases.ts';
import { makeTempState, SEED_MS, tokenOf } from '../../helpers/temp-state.ts';

describe('leases', () => {
  it('begin at epoch 0 with nobody', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    expect(readEpoch(state.database, job.seq)).toBe(0);
    expect(readRunner(state.database, job.seq)).toBeUndefined();
    expect(readRunTokens(state.database, job.seq)).toEqual([]);
  });

  it('name the last holder that ran, with who it is', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    state.hold(job, { principal: 'local:eve' });
    const { runToken } = state.hold(job);
    const { host, bootId, pidNamespace, pid, pidStartTicks } = readOwnIdentity();
    expect(readRunner(state.database, job.seq)).toEqual({
      epoch: 2,
      host,
      bootId,
      pidNamespace,
      pid,
      pidStartTicks,
      runToken,
      principal: 'local:ops',
      acquiredAtMs: SEED_MS,
      heartbeatAtMs: SEED_MS,
      fenced: false,
    });
  });

  it('fence the runner when its job was cancelled, and keep naming it', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    state.hold(job);
    state.hold(job, { purpose: 'cancel', runToken: '' });
    expect(readRunner(state.database, job.seq)).toMatchObject({ epoch: 1, fenced: true });
    expect(readEpoch(state.database, job.seq)).toBe(2);
    expect(readRunTokens(state.database, job.seq)).toEqual([tokenOf(job.id, 1)]);
  });

  it('refuse two holders of one epoch', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    const claim = state.hold(job);
    expect(() => insertLease(state.database, claim)).toThrow(/UNIQUE/);
  });

  it('are those of one job alone', async () => {
    await using state = await makeTempState();
    const [one, other] = [state.addJob(), state.addJob()];
    state.hold(one);
    state.hold(one);
    state.hold(other);
    expect([readEpoch(state.database, one.seq), readEpoch(state.database, other.seq)]).toEqual([2, 1]);
    expect(readRunTokens(state.database, other.seq)).toEqual([tokenOf(other.id, 1)]);
  });
});

describe('checkFence', () => {
  it('lets the highest epoch write, and no other', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    state.hold(job);
    expect(() => checkFence(state.database, job.seq, 1)).not.toThrow();
    state.hold(job);
    expect(() => checkFence(state.database, job.seq, 2)).not.toThrow();
    for (const epoch of [0, 1, 3]) {
      expect(() => checkFence(state.database, job.seq, epoch)).toThrow(
        expect.objectContaining({ code: 'LEASE_FENCED', details: { epoch, current: 2 } }),
      );
    }
  });
});

describe('beatHeart and releaseLease', () => {
  it('change the holder of their epoch alone', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    state.hold(job);
    state.hold(job);
    beatHeart(state.database, job.seq, { epoch: 2, atMs: SEED_MS + 5 });
    releaseLease(state.database, job.seq, { epoch: 2, atMs: SEED_MS + 9 });
    expect(readRunner(state.database, job.seq)).toMatchObject({
      heartbeatAtMs: SEED_MS + 5,
      releasedAtMs: SEED_MS + 9,
    });
    expect(state.reread(job).activeAtMs).toBe(SEED_MS + 5);
    const first = state.database.prepare('SELECT heartbeat_at_ms, released_at_ms FROM leases WHERE epoch = 1').get();
    expect({ ...first }).toEqual({ heartbeat_at_ms: SEED_MS, released_at_ms: null });
  });
});
