import { describe, expect, it } from 'vitest';
import { isRecoveryError, RecoveryError } from '../../src/core/errors.ts';
import type { UnitNews } from '../../src/core/execution/run-unit.ts';
import { type CommitJournal, makeCommitJournal } from '../../src/runner/commit-journal.ts';
import { settleUnits } from '../../src/sources/native/settle.ts';
import type { HeldJob } from '../../src/store/contract.ts';
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

type Commit = Parameters<HeldJob['commit']>[0];

/** A journal on a job whose commits end when they are told to, and a clock that is set by hand. */
function makeScripted() {
  const commits: Commit[] = [];
  const ends: { readonly resolve: () => void; readonly reject: (reason: unknown) => void }[] = [];
  const asked: string[] = [];
  const lost: unknown[] = [];
  let nowMs = SEED_MS;
  const journal = makeCommitJournal({
    held: {
      commit(batch) {
        commits.push(batch);
        asked.push('commit');
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        ends.push({ resolve, reject });
        return promise;
      },
      checkHeld: async () => void asked.push('check'),
    },
    clock: { nowMs: () => nowMs },
    onLost: (reason) => lost.push(reason),
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    ...{ journal, commits, asked, lost, turn },
    numbers: () => commits.map(({ events }) => events.map(({ number }) => number)),
    later: (durationMs: number) => {
      nowMs += durationMs;
    },
    async end(reason?: unknown) {
      const next = ends.shift();
      if (reason === undefined) next?.resolve();
      else next?.reject(reason);
      await turn();
      await turn();
    },
  };
}

describe('makeCommitJournal, one commit at a time', () => {
  it('says anew that it lives when what is under way began before the process was stopped', async () => {
    const { journal, commits, asked, later, turn, end } = makeScripted();
    void journal.record(done(1));
    await turn();
    later(60_000);
    const checked = journal.checkHeld();
    await end();
    expect(commits.map(({ beatAtMs }) => beatAtMs)).toEqual([SEED_MS, SEED_MS + 60_000]);
    expect(asked).toEqual(['commit', 'commit']);
    await end();
    await checked;
    expect(asked.at(-1)).toBe('check');
  });

  it('puts what arrives in one turn into one transaction, and what arrives meanwhile into the next', async () => {
    const { journal, numbers, turn, end } = makeScripted();
    const told: number[] = [];
    const say = (number: number) => void journal.record(done(number)).then(() => told.push(number));
    say(5);
    say(4);
    await turn();
    expect(numbers()).toEqual([[5, 4]]);
    say(3);
    await turn();
    say(2);
    say(1);
    await turn();
    expect([numbers(), told]).toEqual([[[5, 4]], []]);
    await end();
    expect([numbers(), told]).toEqual([
      [
        [5, 4],
        [3, 2, 1],
      ],
      [5, 4],
    ]);
    await end();
    expect(told).toEqual([5, 4, 3, 2, 1]);
    await journal.close();
  });

  it('STATE_UNREACHABLE: after a commit that failed nothing is tried again, and everybody is told why', async () => {
    const { journal, commits, asked, lost, turn, end } = makeScripted();
    const first = journal.record(done(1));
    await turn();
    const second = journal.record(done(2));
    const both = Promise.allSettled([first, second]);
    await end(new RecoveryError('STATE_UNREACHABLE', 'the connection was lost'));
    const reasons = (await both).map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(reasons[0]).toMatchObject({ code: 'STATE_UNREACHABLE', details: { receipts: ['row 1: 1Z1'] } });
    expect(reasons[1]).toBe(reasons[0]);
    await expect(journal.record(done(3))).rejects.toBe(reasons[0]);
    await expect(journal.checkHeld()).rejects.toBe(reasons[0]);
    expect([lost, commits.length, asked]).toEqual([[reasons[0]], 1, ['commit']]);
    await journal.close();
  });

  it('waits at its end for what is on its way', async () => {
    const { journal, turn, end } = makeScripted();
    let isClosed = false;
    void journal.record(done(1));
    await turn();
    const closing = journal.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    await end();
    await closing;
  });
});

describe('makeCommitJournal, the heart', () => {
  it('beats with the first commit, since the job was taken before, and when the last beat is a second old', async () => {
    const { journal, commits, turn, end, later } = makeScripted();
    for (const durationMs of [0, 999, 1, 0, -5_000]) {
      later(durationMs);
      void journal.record(done(1));
      await turn();
      await end();
    }
    expect(commits.map(({ beatAtMs }) => beatAtMs)).toEqual([
      ...[SEED_MS, undefined, SEED_MS + 1_000, undefined],
      // A clock that was set back must not silence it.
      SEED_MS - 4_000,
    ]);
    await journal.close();
  });

  it('is renewed before an effect when it is so old that others might take the job soon', async () => {
    const { journal, commits, asked, turn, end, later } = makeScripted();
    void journal.record(done(1));
    await turn();
    await end();
    await journal.checkHeld();
    expect(asked).toEqual(['commit', 'check']);
    later(20_000);
    const checked = journal.checkHeld();
    await turn();
    expect(asked).toEqual(['commit', 'check', 'commit']);
    expect(commits.at(-1)).toEqual({ events: [], beatAtMs: SEED_MS + 20_000 });
    await end();
    await checked;
    expect(asked).toEqual(['commit', 'check', 'commit', 'check']);
    await journal.close();
  });

  it('is renewed by the commit that is under way, when there is one', async () => {
    const { journal, commits, asked, turn, end, later } = makeScripted();
    later(20_000);
    void journal.record(done(1));
    await turn();
    const checked = journal.checkHeld();
    await turn();
    expect(commits.map(({ events, beatAtMs }) => [events.length, beatAtMs])).toEqual([[1, SEED_MS + 20_000]]);
    await end();
    await checked;
    expect(asked).toEqual(['commit', 'check']);
    await journal.close();
  });

  it('LEASE_FENCED: a check that fails loses the job, too', async () => {
    const fenced = new RecoveryError('LEASE_FENCED', 'taken over');
    const lost: unknown[] = [];
    const held = { commit: async () => {}, checkHeld: () => Promise.reject(fenced) };
    const journal = makeCommitJournal({ held, clock: { nowMs: () => SEED_MS }, onLost: (reason) => lost.push(reason) });
    await expect(journal.checkHeld()).rejects.toBe(fenced);
    await expect(journal.record(done(1))).rejects.toBe(fenced);
    expect(lost).toEqual([fenced]);
    await journal.close();
  });
});
