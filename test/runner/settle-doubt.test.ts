import { describe, expect, it } from 'vitest';
import { restrainVerify } from '../../src/core/execution/unanswered.ts';
import type { UnitEngine, UnitWork, VerifyOutcome } from '../../src/core/execution/unit-engine.ts';
import { settleDoubt } from '../../src/runner/settle-doubt.ts';
import { askAgain } from '../../src/store/sqlite/ask-again.ts';
import { changeStore } from '../../src/store/sqlite/database.ts';
import { makeUnitJournal } from '../../src/store/sqlite/unit-journal.ts';
import { readUnits } from '../../src/store/sqlite/units.ts';
import { verifyStore } from '../../src/store/sqlite/verify-store.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';

const SILENT: VerifyOutcome = { type: 'unanswered', error: { code: 'EXIT_7', message: 'no route' }, isDown: false };
const DOWN: VerifyOutcome = { ...SILENT, isDown: true };
const UNCLEAR: VerifyOutcome = { type: 'unknown', error: { code: 'EXIT_1', message: 'verify: a receipt and exit 1' } };
/** Keys are numbers of other rows. */
const KEYS = ['4', '3', '2', '1'];

function makeEngine(answer: ((key: string) => VerifyOutcome) | undefined, asked: string[]): UnitEngine {
  const never = () => Promise.reject(new Error('nothing is run here'));
  const verify = async (work: UnitWork) => {
    asked.push(work.key);
    return answer?.(work.key) ?? SILENT;
  };
  return { start: never, perform: never, stop: never, kill: () => {}, ...(answer && { verify }) };
}

/** A job with rows in doubt, and its settling by a hook that answers by key. */
async function makeDoubt(count = 4) {
  const state = await makeTempState();
  const { database } = state;
  const keys = KEYS.slice(0, count);
  const job = state.addJob({ status: 'running', keys, units: keys.map(() => 'in_doubt') });
  state.hold(job);
  const asked: string[] = [];
  const settle = (answer?: (key: string) => VerifyOutcome, checkNotStopped = () => {}) =>
    settleDoubt({
      held: state.held(job),
      engine: restrainVerify(makeEngine(answer, asked)),
      clock: { nowMs: () => SEED_MS },
      checkNotStopped,
      onSettled: () => {},
    });
  const readAll = () => readUnits(database, job, { statuses: [], offset: 0, limit: 10 }).units;
  const append = (event: Parameters<ReturnType<typeof makeUnitJournal>['append']>[0]) =>
    changeStore(database, () => {
      const journal = makeUnitJournal(database, job.seq, 1);
      journal.begin();
      journal.append(event);
    });
  return { state, job, asked, settle, append, statuses: () => readAll().map(({ status }) => status), readAll };
}

describe('settleDoubt', () => {
  it('believes a receipt without asking, then the hook, and leaves to a person what tells nothing', async () => {
    const { state, asked, settle, append, statuses } = await makeDoubt();
    await using _state = state;
    append({ type: 'receipt', number: 1, receipt: '1Z', atMs: SEED_MS });
    const answers: Readonly<Record<string, VerifyOutcome>> = {
      3: { type: 'done', receipt: '1Z3' },
      2: { type: 'not_done' },
      1: UNCLEAR,
    };
    const settled = await settle((key) => answers[key] ?? SILENT);
    expect(settled).toEqual({ byReceipt: 1, verified: 2, toReview: 1, unanswered: 0, unasked: 0, begun: 0 });
    expect(statuses()).toEqual(['done', 'done', 'pending', 'needs_review']);
    expect(asked).toEqual(['3', '2', '1']);
  });

  it('leaves what was begun elsewhere to an engine that attaches to it, and asks about it when there is none', async () => {
    const { state, job, settle, append, statuses } = await makeDoubt(2);
    await using _state = state;
    append({ type: 'begun', number: 1, reference: 'job 7', atMs: SEED_MS });
    const engine = { ...makeEngine(undefined, []), attach: () => Promise.reject(new Error('not here')) };
    const clock = { nowMs: () => SEED_MS };
    const attaching = { held: state.held(job), engine, clock, checkNotStopped: () => {}, onSettled: () => {} };
    expect(await settleDoubt(attaching)).toMatchObject({ begun: 1, toReview: 1 });
    expect(statuses()).toEqual(['in_doubt', 'needs_review']);
    expect(await settle(() => ({ type: 'not_done' }))).toMatchObject({ begun: 0, verified: 1 });
  });

  it('leaves everything to a person when there is no hook', async () => {
    const { state, settle, statuses } = await makeDoubt(2);
    await using _state = state;
    expect(await settle()).toMatchObject({ toReview: 2 });
    expect(statuses()).toEqual(['needs_review', 'needs_review']);
  });

  it('asks about a row once in a run, and leaves it to a person after the third run without an answer', async () => {
    const { state, asked, settle, statuses, readAll } = await makeDoubt(2);
    await using _state = state;
    for (const times of [1, 2]) {
      expect(await settle(() => SILENT)).toMatchObject({ unanswered: 2, toReview: 0 });
      expect(asked).toHaveLength(2 * times);
      expect(statuses()).toEqual(['in_doubt', 'in_doubt']);
    }
    expect(await settle(() => SILENT)).toMatchObject({ unanswered: 0, toReview: 2 });
    expect(statuses()).toEqual(['needs_review', 'needs_review']);
    expect(readAll()[1]?.error).toEqual({ code: 'EXIT_7', message: 'verify: asked 3 times, no answer: no route' });
    expect(verifyStore(state.database)).toEqual([]);
  });

  it('keeps why a row was in doubt beside what the hook says, whose newest word takes the place of the last', async () => {
    const { state, job, settle, append, readAll } = await makeDoubt(1);
    await using _state = state;
    const own = { code: 'SIGNAL_SIGKILL', message: 'it was ended by SIGKILL' };
    const said = 'verify: asked once, no answer: no route';
    append({
      type: 'unanswered',
      number: 1,
      error: { ...own, message: `${own.message}; ${said}` },
      times: 1,
      said,
      atMs: SEED_MS,
    });
    const tell = (word: string) => ({ ...own, message: `${own.message}; ${word}` });
    for (const times of [2, 3]) {
      await settle(() => SILENT);
      expect(readAll()[0]?.error).toEqual(tell(`verify: asked ${times} times, no answer: no route`));
    }
    const again = () =>
      changeStore(state.database, () => askAgain(state.database, job.seq, { epoch: 1, atMs: SEED_MS }));
    expect(again()).toBe(1);
    await settle(() => SILENT);
    expect(readAll()[0]?.error).toEqual(tell('verify: asked 4 times, no answer: no route'));
    again();
    await settle(() => UNCLEAR);
    expect(readAll()[0]).toMatchObject({ status: 'needs_review', error: tell('verify: a receipt and exit 1') });
    // That the hook contradicted itself stays, whatever it says later.
    again();
    await settle(() => SILENT);
    expect(readAll()[0]?.error?.message).toMatch(
      /^it was ended by SIGKILL; verify: a receipt and exit 1; verify: asked/,
    );
    expect(verifyStore(state.database)).toEqual([]);
  });

  it('asks no more in a run after three rows of which the hook was down, yet believes receipts', async () => {
    const { state, asked, settle, append, statuses } = await makeDoubt();
    await using _state = state;
    expect(await settle(() => DOWN)).toMatchObject({ unanswered: 3, unasked: 1 });
    expect(asked).toEqual(['4', '3', '2']);
    append({ type: 'receipt', number: 4, receipt: '1Z', atMs: SEED_MS });
    expect(await settle(() => DOWN)).toMatchObject({ byReceipt: 1, unanswered: 3, unasked: 0 });
    expect(statuses()).toEqual(['in_doubt', 'in_doubt', 'in_doubt', 'done']);
  });

  it('does not count a question that a stop cut short', async () => {
    const { state, asked, settle, readAll } = await makeDoubt(1);
    await using _state = state;
    const stopped = new Error('stopped');
    const checkNotStopped = () => {
      if (asked.length > 0) throw stopped;
    };
    await expect(settle(() => DOWN, checkNotStopped)).rejects.toBe(stopped);
    expect(readAll()[0]).toMatchObject({ status: 'in_doubt', eventSequence: 1 });
  });

  it('LEASE_FENCED: settles nothing for a holder that was taken over', async () => {
    const { state, job, settle, statuses } = await makeDoubt(1);
    await using _state = state;
    state.hold(job);
    await expect(settle(() => ({ type: 'not_done' }))).rejects.toMatchObject({ code: 'LEASE_FENCED' });
    expect(statuses()).toEqual(['in_doubt']);
  });
});

describe('askAgain', () => {
  it('puts rows without a receipt back in doubt, and carries on how often each was asked about', async () => {
    const { state, job, settle, append, statuses } = await makeDoubt(3);
    await using _state = state;
    append({ type: 'unknown', number: 2, error: { code: 'E', message: 'two receipts' }, receipt: '1Z', atMs: SEED_MS });
    for (let run = 0; run < 3; run += 1) await settle((key) => (key === '2' && run === 0 ? UNCLEAR : SILENT));
    expect(statuses()).toEqual(['needs_review', 'needs_review', 'needs_review']);
    expect(changeStore(state.database, () => askAgain(state.database, job.seq, { epoch: 1, atMs: SEED_MS }))).toBe(2);
    expect(statuses()).toEqual(['in_doubt', 'needs_review', 'in_doubt']);
    // The first was asked about in vain three times, the third had an answer.
    expect(await settle(() => SILENT)).toMatchObject({ toReview: 1, unanswered: 1 });
    expect(statuses()).toEqual(['needs_review', 'needs_review', 'in_doubt']);
    expect(verifyStore(state.database)).toEqual([]);
  });
});
