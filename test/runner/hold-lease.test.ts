import { describe, expect, it } from 'vitest';
import { type ExpectedState, holdLease } from '../../src/runner/hold-lease.ts';
import { changeStore } from '../../src/store/sqlite/database.ts';
import { readJournalSequence } from '../../src/store/sqlite/evidence-queries.ts';
import { readEpoch } from '../../src/store/sqlite/leases.ts';
import { makeUnitJournal } from '../../src/store/sqlite/unit-journal.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';

/** A stopped job as it is seen, and how it is taken on what was seen. */
async function makeSeen() {
  const state = await makeTempState();
  const { database } = state;
  const job = state.addJob({ status: 'stopped', units: ['done', 'failed', 'pending'] });
  const seen = { epoch: 0, status: 'stopped', journalSequence: readJournalSequence(database, job.seq) };
  const take = (expected: ExpectedState = seen) =>
    holdLease({
      store: state.open(),
      job,
      expected,
      audit: { atMs: SEED_MS, principal: 'test', action: 'resume', outcome: 'done', details: {} },
    });
  return { state, job, seen, take, epoch: () => readEpoch(database, job.seq) };
}

describe('holdLease', () => {
  it('takes a job that is as it was seen, with the next epoch', async () => {
    const { state, take, epoch } = await makeSeen();
    await using _state = state;
    const held = await take();
    expect([held.epoch, epoch()]).toEqual([1, 1]);
  });

  it('refuses a job of which a unit changed since, and takes nothing', async () => {
    const { state, job, take, epoch } = await makeSeen();
    await using _state = state;
    const journal = makeUnitJournal(state.database, job.seq, 0);
    changeStore(state.database, () => {
      journal.begin();
      journal.append({ type: 'settled', number: 2, as: 'skipped', reason: 'not wanted', atMs: SEED_MS });
    });
    await expect(take()).rejects.toMatchObject({ code: 'EVIDENCE_STALE' });
    expect(epoch()).toBe(0);
  });

  it.each([
    ['status', { status: 'failed' }],
    ['epoch', { epoch: 4 }],
  ] as const)('refuses a job whose %s is another', async (_what, change) => {
    const { state, seen, take, epoch } = await makeSeen();
    await using _state = state;
    await expect(take({ ...seen, ...change })).rejects.toMatchObject({ code: 'EVIDENCE_STALE' });
    expect(epoch()).toBe(0);
  });
});
