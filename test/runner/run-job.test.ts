import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ExecutionEvent } from '../../src/core/execution/schema.ts';
import type { TakenBack, UnitEngine, UnitOutcome, UnitWork } from '../../src/core/execution/unit-engine.ts';
import type { UnitStatus } from '../../src/core/job/schema.ts';
import type { RunnerStep } from '../../src/core/plan/schema.ts';
import type { JobRun } from '../../src/runner/job-run.ts';
import { makeBatchWork } from '../../src/runner/kinds/batch/work.ts';
import { runJob } from '../../src/runner/run-job.ts';
import { readRunner } from '../../src/store/sqlite/leases.ts';
import { countUnitsByStatus, readUnits } from '../../src/store/sqlite/units.ts';
import { verifyStore } from '../../src/store/sqlite/verify-store.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';

const ERROR = { code: 'E-3001', message: 'UPS API timeout' };
const FAILED: UnitOutcome = { type: 'failed', error: ERROR };
const RUN_ALL: RunnerStep = { by: 'runner', action: 'run_units', count: 3 };
/** Keys are numbers of other rows. */
const KEYS = ['3', '2', '1'];

type Perform = (work: UnitWork, told: { readonly takeBack: TakenBack }) => UnitOutcome | Promise<UnitOutcome>;

/** A run on a real store, with an engine that says how each row comes out. */
async function makeRun(perform: Perform, change: Partial<JobRun> & { readonly units?: readonly UnitStatus[] } = {}) {
  const state = await makeTempState();
  const { database } = state;
  const { units = KEYS.map(() => 'pending' as const), ...rest } = change;
  const job = state.addJob({ status: 'running', keys: KEYS.slice(0, units.length), units });
  state.hold(job);
  const held = state.held(job);
  const calls: string[] = [];
  const events: ExecutionEvent[] = [];
  const run: JobRun = {
    store: state.open(),
    job,
    held: {
      ...held,
      async release() {
        calls.push('release');
        await held.release();
      },
    },
    work: makeBatchWork({
      kind: 'batch',
      name: 'Shipping',
      directory: state.path,
      rowsPath: `${state.path}/rows.csv`,
      rowsFormat: 'csv',
      columns: ['id'],
      onError: 'continue',
      concurrency: 1,
      retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
      writeBack: [],
      env: {},
      params: {},
    }),
    steps: [RUN_ALL],
    orphans: [],
    makeEngine: ({ onTakenBack }): UnitEngine => ({
      start: async () => void calls.push('start'),
      perform: async (work) => {
        calls.push(`${work.key} ${work.attempt}`);
        return perform(work, { takeBack: onTakenBack });
      },
      verify: async ({ key }) => {
        calls.push(`verify ${key}`);
        return { type: 'done', receipt: '1ZV' };
      },
      stop: async () => void calls.push('stop'),
      kill: () => calls.push('kill'),
    }),
    clock: { nowMs: () => SEED_MS },
    random: () => 0.5,
    faults: { reach: () => {} },
    stop: new AbortController().signal,
    kill: new AbortController().signal,
    onEvent: (event) => events.push(event),
    ...rest,
  };
  const statuses = () =>
    readUnits(database, job, { statuses: [], offset: 0, limit: 10 }).units.map(({ status }) => status);
  return {
    state,
    database,
    job,
    run,
    calls,
    events,
    statuses,
    released: () => readRunner(database, job.seq)?.releasedAtMs,
  };
}

describe('runJob', () => {
  it('starts the engine, does each row once in order, stops the engine, lets job and lock go', async () => {
    const { state, run, job, calls, events, statuses, released } = await makeRun(({ key }) => ({
      type: 'done',
      receipt: `1Z${key}`,
    }));
    await using _state = state;
    const result = await runJob(run);
    expect(result).toEqual({
      end: 'completed',
      settled: 0,
      results: [{ step: RUN_ALL, state: 'done', detail: '3 run' }],
    });
    expect(calls).toEqual(['start', '3 1', '2 1', '1 1', 'stop', 'release']);
    expect(statuses()).toEqual(['done', 'done', 'done']);
    expect(state.reread(job).status).toBe('completed');
    expect(released()).toBe(SEED_MS);
    expect(events.filter(({ type }) => type === 'step')).toMatchObject([
      { index: 0, result: { state: 'running' } },
      { index: 0, result: { state: 'done' } },
    ]);
    expect(verifyStore(state.database)).toEqual([]);
  });

  it('a definite failure is tried again as often as the job says, and no row twice beyond that', async () => {
    const { state, run, calls, statuses } = await makeRun(({ key }) => (key === '2' ? FAILED : { type: 'done' }));
    await using _state = state;
    const retry = { ...run.work.retry, attempts: 2 };
    const { end, error } = await runJob({ ...run, work: { ...run.work, retry } });
    expect({ end, error }).toEqual({ end: 'failed', error: ERROR });
    expect(calls.slice(1, -2)).toEqual(['3 1', '2 1', '2 2', '1 1']);
    expect(statuses()).toEqual(['done', 'failed', 'done']);
  });

  it.each([1, 2])(
    'a failure that is taken back, with %d tries allowed, is under review and not tried again',
    async (attempts) => {
      const { state, run, calls, statuses } = await makeRun(async (work, { takeBack }) => {
        if (work.key !== '3') return { type: 'done' };
        // After the outcome was heard, and before the wait for the next try is over.
        void setImmediate().then(() => takeBack(work, { error: ERROR, receipt: '1Z' }));
        return FAILED;
      });
      await using _state = state;
      const retry = { ...run.work.retry, attempts, initialDelayMs: 100, maxDelayMs: 100 };
      expect((await runJob({ ...run, work: { ...run.work, retry } })).end).toBe('completed');
      expect(calls.slice(1, -2)).toEqual(['3 1', '2 1', '1 1']);
      expect(statuses()).toEqual(['needs_review', 'done', 'done']);
      expect(verifyStore(state.database)).toEqual([]);
    },
  );

  it('what is taken back while the engine stops is on disk before the last word', async () => {
    const { state, run, job, statuses } = await makeRun(() => FAILED, { units: ['pending'] });
    await using _state = state;
    const makeEngine: JobRun['makeEngine'] = (options) => ({
      ...run.makeEngine(options),
      stop: async () => options.onTakenBack(work, { error: ERROR }),
    });
    const work = { number: 1, key: '3', idempotencyKey: 'x', attempt: 1, rowJson: '{}' };
    expect((await runJob({ ...run, makeEngine })).end).toBe('completed');
    expect([statuses(), state.reread(job).status]).toEqual([['needs_review'], 'completed']);
  });

  it('a stop that was asked for ends it after the row in hand; the rest stays to do', async () => {
    const stop = new AbortController();
    const { state, run, job, statuses } = await makeRun(
      () => {
        stop.abort();
        return { type: 'done' };
      },
      { stop: stop.signal },
    );
    await using _state = state;
    expect(await runJob(run)).toMatchObject({ end: 'stopped', results: [{ state: 'stopped', detail: '1 run' }] });
    expect(statuses()).toEqual(['done', 'pending', 'pending']);
    expect(state.reread(job).status).toBe('stopped');
  });

  it('is fenced when somebody takes the job: what is in hand stays in doubt, and no last word is said', async () => {
    const { state, run, job, calls, statuses, released } = await makeRun((work) => {
      if (work.key === '2') state.hold(job);
      return { type: 'done' };
    });
    await using _state = state;
    const { end, error } = await runJob(run);
    expect({ end, code: error?.code }).toEqual({ end: 'fenced', code: 'LEASE_FENCED' });
    expect(statuses()).toEqual(['done', 'in_doubt', 'pending']);
    expect(state.reread(job).status).toBe('running');
    expect(released()).toBeUndefined();
    expect(calls).toContain('kill');
    expect(calls.at(-1)).toBe('release');
  });

  it('an engine that breaks fails the run, is killed, and the job is let go with the reason', async () => {
    const { state, run, job, calls, released } = await makeRun(() => Promise.reject(new Error('no engine')));
    await using _state = state;
    expect(await runJob(run)).toMatchObject({
      end: 'failed',
      error: { message: 'no engine' },
      results: [{ state: 'failed' }],
    });
    expect(state.reread(job).error?.message).toBe('no engine');
    expect(calls).toEqual(['start', '3 1', 'kill', 'release']);
    expect(released()).toBe(SEED_MS);
  });

  it('settles what is in doubt before it runs anything, and counts it', async () => {
    const { state, database, run, job, calls } = await makeRun(() => ({ type: 'done' }), {
      units: ['in_doubt', 'pending'],
      steps: [{ by: 'runner', action: 'settle_units', byReceipt: 0, byVerify: 1, toReview: 0 }, RUN_ALL],
    });
    await using _state = state;
    expect(await runJob(run)).toMatchObject({
      end: 'completed',
      settled: 1,
      results: [{ state: 'done' }, { state: 'done' }],
    });
    expect(calls.slice(1, -2)).toEqual(['verify 3', '2 1']);
    expect(countUnitsByStatus(database, job.seq)).toMatchObject({ needs_review: 0, done: 2 });
  });
});
