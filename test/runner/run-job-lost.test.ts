import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../src/core/errors.ts';
import type { UnitEngine, UnitOutcome, UnitWork } from '../../src/core/execution/unit-engine.ts';
import type { RunnerStep } from '../../src/core/plan/schema.ts';
import { probeLock } from '../../src/platform/lock-file.ts';
import { holdLease } from '../../src/runner/hold-lease.ts';
import type { BatchSpec } from '../../src/runner/kinds/batch/schema.ts';
import { makeBatchWork } from '../../src/runner/kinds/batch/work.ts';
import { runJob } from '../../src/runner/run-job.ts';
import type { HeldJob } from '../../src/store/contract.ts';
import { verifyStore } from '../../src/store/sqlite/verify-store.ts';
import { lockOf, makeTempState, SEED_MS } from '../helpers/temp-state.ts';

const CLOCK = { nowMs: () => SEED_MS };
/** Every key is the number of another row. */
const KEYS = ['3', '2', '1'];
const RUN: readonly RunnerStep[] = [{ by: 'runner', action: 'run_units', count: 3 }];

type Scripted = {
  readonly perform?: (work: UnitWork, onReceipt: (receipt: string) => Promise<void>) => Promise<UnitOutcome>;
  readonly start?: () => Promise<void>;
  readonly steps?: readonly RunnerStep[];
  /** Stands between the run and the job it holds. */
  readonly wrap?: (held: HeldJob) => HeldJob;
  readonly stop?: AbortSignal;
  readonly concurrency?: number;
};

/** A job of three rows that is held, and its run with an engine that does what it is told. */
async function makeRun() {
  const state = await makeTempState();
  const spec: BatchSpec = {
    ...{ kind: 'batch', name: 'Shipping', directory: state.path, rowsPath: '/rows.csv', rowsFormat: 'csv' },
    ...{ columns: ['id'], onError: 'halt', concurrency: 1, writeBack: [], env: {}, params: {} },
    retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
  };
  const job = state.addJob({ status: 'pending', units: KEYS.map(() => 'pending' as const), keys: KEYS, spec });
  const store = state.open();
  const performed: string[] = [];
  const ends: string[] = [];
  const run = async (scripted: Scripted = {}) => {
    const held = await holdLease({
      ...{ store, job, expected: { epoch: 0, status: 'pending', journalSequence: 0 } },
      audit: { atMs: SEED_MS, principal: 'test', action: 'run', outcome: 'done', details: {} },
    });
    const engine: UnitEngine = {
      start: scripted.start ?? (async () => {}),
      perform: (work, onReceipt) => {
        performed.push(work.idempotencyKey);
        return scripted.perform?.(work, onReceipt) ?? Promise.resolve({ type: 'done', receipt: `1Z${work.number}` });
      },
      stop: async () => void ends.push('stop'),
      kill: () => void ends.push('kill'),
    };
    return runJob({
      ...{ store, job, held: scripted.wrap?.(held) ?? held, orphans: [], steps: scripted.steps ?? RUN },
      work: makeBatchWork({ ...spec, concurrency: scripted.concurrency ?? 1 }),
      makeEngine: () => engine,
      clock: CLOCK,
      random: () => 0,
      faults: { reach: () => {} },
      stop: scripted.stop ?? new AbortController().signal,
      kill: new AbortController().signal,
      onEvent: () => {},
    });
  };
  const statuses = async () =>
    (await store.units(job.id, { statuses: [], offset: 0, limit: 9 })).units.map(({ status }) => status);
  const look = async () => {
    expect(verifyStore(state.database)).toEqual([]);
    const { status, error } = state.reread(job);
    return { status, error: error?.code, rows: await statuses(), lock: probeLock(lockOf(state, job)) };
  };
  return {
    ...{ state, job, store, performed, ends, run, look },
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  };
}

describe('runJob', () => {
  it('runs every row in order, says the last word and lets go', async () => {
    await using one = await makeRun();
    const { end, error, results } = await one.run();
    expect([end, error, results.map(({ state, detail }) => [state, detail])]).toEqual([
      ...['completed', undefined],
      [['done', '3 run']],
    ]);
    expect(one.performed).toEqual([1, 2, 3].map((number) => `${one.job.id}:1:${number}`));
    expect(await one.look()).toEqual({
      status: 'completed',
      error: undefined,
      rows: ['done', 'done', 'done'],
      lock: 'free',
    });
    expect(one.ends).toEqual(['stop']);
  });

  it('halts at a row that failed, and leaves the rest to do', async () => {
    await using one = await makeRun();
    const error = { code: 'EXIT_1', message: 'no' };
    const failing = async ({ key }: UnitWork): Promise<UnitOutcome> =>
      key === '2' ? { type: 'failed', error } : { type: 'done' };
    expect(await one.run({ perform: failing })).toMatchObject({ end: 'failed', error, results: [{ state: 'failed' }] });
    expect(await one.look()).toEqual({
      status: 'failed',
      error: 'EXIT_1',
      rows: ['done', 'failed', 'pending'],
      lock: 'free',
    });
  });

  it('carries out the steps of a plan one by one, each on what the one before left', async () => {
    await using one = await makeRun();
    const steps: readonly RunnerStep[] = [{ by: 'runner', action: 'reset_units', count: 0 }, ...RUN];
    expect(await one.run({ steps })).toMatchObject({
      end: 'completed',
      results: [{ state: 'done' }, { state: 'done' }],
    });
    expect(one.performed[0]).toBe(`${one.job.id}:2:1`);
  });

  it('RUN_FAILED: an engine that cannot start fails the run before any row, and that is recorded', async () => {
    await using one = await makeRun();
    const start = () => Promise.reject(new RecoveryError('RUN_FAILED', 'no such worker'));
    expect(await one.run({ start })).toMatchObject({ end: 'failed', error: { code: 'RUN_FAILED' } });
    const rows = ['pending', 'pending', 'pending'];
    expect(await one.look()).toEqual({ status: 'failed', error: 'RUN_FAILED', rows, lock: 'free' });
  });

  it('a stop that was asked for before the rows leaves the job stopped', async () => {
    await using one = await makeRun();
    const steps: readonly RunnerStep[] = [{ by: 'runner', action: 'retry_failed_units', count: 0 }, ...RUN];
    expect(await one.run({ steps, stop: AbortSignal.abort() })).toMatchObject({ end: 'stopped' });
    expect([(await one.look()).status, one.performed]).toEqual(['stopped', []]);
  });
});

describe('runJob, when the store is lost', () => {
  /** The job as it is held until the n-th commit; from then on its session is lost, though reads may connect anew. */
  const loseAt =
    (nth: number, onFinish = () => {}) =>
    (held: HeldJob): HeldJob => {
      let commits = 0;
      const reach = <T>(act: () => Promise<T>): Promise<T> =>
        commits >= nth ? Promise.reject(new RecoveryError('STATE_UNREACHABLE', 'the connection was lost')) : act();
      return {
        ...held,
        commit(batch) {
          commits += 1;
          return reach(() => held.commit(batch));
        },
        checkHeld: () => reach(held.checkHeld),
        finish(end) {
          onFinish();
          return reach(() => held.finish(end));
        },
      };
    };

  it.each([
    ['before the first row is begun', 1, [], ['pending', 'pending', 'pending']],
    ['while its first row is in hand', 2, [1], ['in_doubt', 'pending', 'pending']],
    ['while its second row is in hand', 3, [1, 2], ['done', 'in_doubt', 'pending']],
  ] as const)(
    'STATE_UNREACHABLE: %s: begins no further row, leaves in doubt what is in hand, and says so',
    async (...asked) => {
      const [, nth, begun, rows] = asked;
      await using one = await makeRun();
      let lastWords = 0;
      const onFinish = () => {
        lastWords += 1;
      };
      const { end, error, results } = await one.run({ wrap: loseAt(nth, onFinish) });
      // What became of the row in hand is not known: nothing is said of the run as a whole.
      expect(lastWords).toBe(0);
      expect([end, error?.code, results[0]?.state]).toEqual(['failed', 'STATE_UNREACHABLE', 'failed']);
      expect(one.performed).toEqual(begun.map((number) => `${one.job.id}:1:${number}`));
      // Nothing could be said any more: the record still has the runner, and its lock shows that it is gone.
      expect(await one.look()).toEqual({ status: 'running', error: undefined, rows, lock: 'free' });
      expect(one.ends).toContain('kill');
    },
  );

  it('hears to the end what many rows have in hand, and tells their receipts', async () => {
    await using one = await makeRun();
    const lost = Promise.withResolvers<void>();
    const perform = async ({ number }: UnitWork): Promise<UnitOutcome> => {
      if (number > 1) await lost.promise;
      return { type: 'done', receipt: `1Z${number}` };
    };
    const wrap = (held: HeldJob): HeldJob => {
      const losing = loseAt(2)(held);
      const commit: HeldJob['commit'] = (batch) =>
        losing.commit(batch).catch((error: unknown) => {
          lost.resolve();
          throw error;
        });
      return { ...losing, commit };
    };
    const { end, error, unrecorded } = await one.run({ perform, concurrency: 3, wrap });
    expect([end, error?.code]).toEqual(['failed', 'STATE_UNREACHABLE']);
    expect(unrecorded).toEqual([1, 2, 3].map((number) => ({ number, receipt: `1Z${number}` })));
    expect(error?.message).toContain('row 1: 1Z1, row 2: 1Z2, row 3: 1Z3');
    expect((await one.look()).rows).toEqual(['in_doubt', 'in_doubt', 'in_doubt']);
  });

  it('LEASE_FENCED: a run that was taken over writes nothing more, and ends as fenced', async () => {
    await using one = await makeRun();
    const other = one.state.open();
    const perform = async ({ number }: UnitWork): Promise<UnitOutcome> => {
      const fence = { purpose: 'settle', principal: 'eve' } as const;
      if (number === 2) await other.change(one.job.id, {}, () => ({ answer: 0, change: { atMs: SEED_MS, fence } }));
      return { type: 'done', receipt: `1Z${number}` };
    };
    const { end, error } = await one.run({ perform });
    expect([end, error?.code]).toEqual(['fenced', 'LEASE_FENCED']);
    expect(error?.message).toContain('row 2: 1Z2');
    const rows = ['done', 'in_doubt', 'pending'];
    expect(await one.look()).toEqual({ status: 'running', error: undefined, rows, lock: 'free' });
  });
});
