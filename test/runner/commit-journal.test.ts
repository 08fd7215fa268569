import { describe, expect, it } from 'vitest';
import { isRecoveryError, type RecoveryError } from '../../src/core/errors.ts';
import type { UnitNews } from '../../src/core/execution/run-unit.ts';
import { type CommitJournal, makeCommitJournal } from '../../src/runner/commit-journal.ts';
import { settleUnits } from '../../src/sources/native/settle.ts';
import { readNamedUnits } from '../../src/store/sqlite/units.ts';
import { makeTempState, SEED_MS, type TempState } from '../helpers/temp-state.ts';

const KEYS = ['2', '1'];

/** A runner with both rows in hand, and what made it lose its journal. */
async function makeRunner() {
  const state = await makeTempState();
  const job = state.addJob({ status: 'running', units: ['in_doubt', 'in_doubt'], keys: KEYS });
  state.hold(job, { identity: { ...FAR }, atMs: SEED_MS });
  const lost: unknown[] = [];
  const journal = makeCommitJournal({
    held: state.held(job),
    clock: { nowMs: () => SEED_MS + 1 },
    onLost: (reason) => lost.push(reason),
  });
  const statuses = () =>
    readNamedUnits(state.database, job, { keys: KEYS, numbers: [] }).map(({ status, receipt }) => [status, receipt]);
  return { state, job, journal, lost, statuses };
}

const FAR = { host: 'elsewhere', bootId: 'b', pidNamespace: 'n', pid: 7, pidStartTicks: 7 };
const done = (number: number): UnitNews => ({ type: 'done', number, receipt: `1Z${number}`, atMs: SEED_MS + 1 });

/** Says both rows done in one transaction, and what each was answered. */
async function sayBoth(journal: CommitJournal): Promise<readonly (RecoveryError | string)[]> {
  const said = await Promise.allSettled([journal.record(done(1)), journal.record(done(2))]);
  await journal.close();
  return said.map((one) =>
    one.status === 'rejected' && isRecoveryError(one.reason) ? one.reason : `${one.status} ${String(one)}`,
  );
}

const settleFirst = (state: TempState, jobId: string) =>
  settleUnits(state.open(SEED_MS + 120_000), {
    jobId,
    units: [{ number: 1, eventSequence: 1 }],
    epoch: 1,
    as: 'pending',
    reason: 'not there',
    principal: 'local:ops',
    atMs: SEED_MS + 120_000,
  });

describe('makeCommitJournal, after a person spoke', () => {
  it('LEASE_FENCED: a runner that counted as dead writes nothing, and its receipts are told', async () => {
    const { state, job, journal, lost, statuses } = await makeRunner();
    await using _state = state;
    expect(await settleFirst(state, job.id)).toMatchObject([{ number: 1, key: '2', was: 'in_doubt', now: 'pending' }]);
    const [first, second] = await sayBoth(journal);
    expect(first).toMatchObject({ code: 'LEASE_FENCED', details: { receipts: ['row 1: 1Z1', 'row 2: 1Z2'] } });
    expect(second).toBe(first);
    expect(lost).toEqual([first]);
    expect(statuses()).toEqual([
      ['pending', undefined],
      ['in_doubt', undefined],
    ]);
  });

  it('UNIT_CHANGED: a row that was changed without a fence is named, and every row in hand stays in doubt', async () => {
    const { state, journal, lost, statuses } = await makeRunner();
    await using _state = state;
    state.database.exec("UPDATE units SET status = 'needs_review' WHERE number = 1");
    const [first] = await sayBoth(journal);
    expect(first).toMatchObject({ code: 'UNIT_CHANGED', details: { unit: 1, receipts: ['row 1: 1Z1', 'row 2: 1Z2'] } });
    expect(lost).toEqual([first]);
    expect(statuses()).toEqual([
      ['needs_review', undefined],
      ['in_doubt', undefined],
    ]);
  });
});
