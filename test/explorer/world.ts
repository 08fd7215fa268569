/**
 * A real store with one job of two rows, and those who act on it: runners, persons, whoever cancels, and what kills a
 * runner or puts it to sleep. Everything but the effect is the real thing: sessions, actuator, lease, journal, lock.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { UnitEngine, UnitWork } from '../../src/core/execution/unit-engine.ts';
import type { PlanChoice } from '../../src/core/plan/schema.ts';
import type { SettledAs } from '../../src/core/ports.ts';
import { makeSession } from '../../src/core/session/make-session.ts';
import type { Session, SessionCommand, SessionState } from '../../src/core/session/schema.ts';
import { holdLease } from '../../src/runner/hold-lease.ts';
import { type BatchSpec, parseBatchSpec } from '../../src/runner/job-file/schema.ts';
import { runJob } from '../../src/runner/run-job.ts';
import { makeNativeActuator, type RunPlan } from '../../src/sources/native/act.ts';
import { makeNativePlace } from '../../src/sources/native/read.ts';
import type { JobStore } from '../../src/store/contract.ts';
import { openJobStore } from '../../src/store/open-store.ts';
import { readEpoch } from '../../src/store/sqlite/leases.ts';
import { lockPath, storePath } from '../../src/store/state-directory.ts';
import { ANYBODY } from '../helpers/evidence-builders.ts';
import { alterStore } from '../helpers/state.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';
import type { Actor, Gate } from './schedule.ts';

/** It is always this time: nothing that is compared depends on a clock. */
const CLOCK = { nowMs: () => SEED_MS + 3_600_000 };
/** A heartbeat so old counts for nothing across hosts. */
const LONG_AGO_MS = CLOCK.nowMs() - 600_000;
/** Every key is the number of another row. */
const KEYS = ['2', '1'];

/** A state directory that worlds are copies of. */
export type Template = AsyncDisposable & { readonly path: string; readonly jobId: string };

/** Makes the template, with one row or two. With `verify` the job has a hook that tells the truth. */
export async function makeTemplate({ verify = false, rowCount = 2 } = {}): Promise<Template> {
  const state = await makeTempState();
  const spec: BatchSpec = {
    kind: 'batch',
    name: 'Shipping',
    directory: state.path,
    rowsPath: 'rows.csv',
    rowsFormat: 'csv',
    columns: ['id'],
    command: 'true',
    ...(verify && { verify: 'true' }),
    receipt: { field: 'tracking', label: 'tracking' },
    onError: 'halt',
    concurrency: 1,
    retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
    writeBack: [],
    env: {},
    params: {},
  };
  const keys = KEYS.slice(0, rowCount);
  const { id } = state.addJob({ units: keys.map(() => 'pending' as const), keys, status: 'pending', spec });
  state.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return { path: state.path, jobId: id, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() };
}

/** A runner that took the job. */
type Held = { readonly epoch: number; readonly release: () => Promise<void>; isOver: boolean };

/** One copy, and what happened in it. */
export type World = AsyncDisposable & {
  readonly path: string;
  readonly jobId: string;
  /** Idempotency keys in the order of their effects. */
  readonly ledger: readonly string[];
  /** Those whose effect came from a runner that was fenced already: nothing inside the store can keep it from that. */
  readonly late: ReadonlySet<string>;
  /** Receipts a runner was told are on disk. */
  readonly acknowledged: readonly { readonly number: number; readonly receipt: string }[];
  /** Every code somebody was refused or ended with. */
  readonly codes: readonly string[];
  readonly epoch: () => number;
  readonly runner: (name: string, choice: 'resume' | 'restart') => Actor;
  /** Looks at what waits, asks the ledger, and says what is true of it; so often. */
  readonly person: (name: string, rounds?: number) => Actor;
  readonly canceller: (name: string) => Actor;
  /** Ends a runner where it stands. */
  readonly killer: (name: string, victim: string) => Actor;
  /** Makes a runner one of another host that was not heard of for long; it goes on all the same. */
  readonly sleeper: (name: string, victim: string) => Actor;
};

/** Copies the template to a file system in memory, where there is one. */
export function makeWorld(template: Template): World {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'salvor-world-'));
  const path = join(base, 'state');
  cpSync(template.path, path, { recursive: true });
  const { jobId } = template;
  const ledger: string[] = [];
  const late = new Set<string>();
  const acknowledged: { number: number; receipt: string }[] = [];
  const codes: string[] = [];
  const held = new Map<string, Held>();
  const dead = new Set<string>();
  const watch = new DatabaseSync(storePath(path), { readOnly: true });
  const epoch = () => readEpoch(watch, 1);
  // Whoever was ended never closes what he had open.
  const stores: JobStore[] = [];
  const openStore = (): JobStore => {
    const store = openJobStore(path, CLOCK);
    stores.push(store);
    return store;
  };

  const makeEngine = (name: string, gate: Gate): UnitEngine => ({
    start: () => gate('begun'),
    perform: async (work, onReceipt) => {
      await gate(`effect ${work.number}`);
      if (epoch() !== held.get(name)?.epoch) late.add(work.idempotencyKey);
      ledger.push(work.idempotencyKey);
      await gate(`acted ${work.number}`);
      const receipt = `1Z-${name}-${ledger.length}`;
      await onReceipt(receipt);
      acknowledged.push({ number: work.number, receipt });
      await gate(`told ${work.number}`);
      return { type: 'done', receipt };
    },
    verify: async (work: UnitWork) => {
      const isDone = ledger.includes(work.idempotencyKey);
      await gate(`verified ${work.number}`);
      return isDone ? { type: 'done' } : { type: 'not_done' };
    },
    stop: () => gate('through'),
    kill: () => {},
  });
  const makeRunPlan = (name: string, gate: Gate): RunPlan => {
    return async ({ store, job, approved, stop, kill, onEvent, onStarted }) => {
      await gate('take');
      const { plan, consent, evidence } = approved;
      const { principal, atMs } = consent;
      const taken = await holdLease({
        store,
        job,
        expected: {
          epoch: evidence.recorded.epoch,
          status: evidence.recorded.status,
          journalSequence: evidence.units?.journalSequence ?? 0,
        },
        audit: { atMs, principal, action: plan.choice, outcome: 'done', planDigest: plan.digest, details: {} },
      });
      // All runners are this process: of one in another namespace only its lock tells whether it lives.
      alterStore(path, "UPDATE leases SET pid_namespace = 'explored' WHERE epoch = ?", taken.epoch);
      const mine: Held = { epoch: taken.epoch, release: taken.release, isOver: false };
      held.set(name, mine);
      onStarted();
      const spec = parseBatchSpec(job.spec);
      const ended = await runJob({
        ...{ store, job, spec, stop, kill, onEvent, held: taken },
        steps: plan.steps.slice(1),
        orphans: [],
        makeEngine: () => (spec.verify === undefined ? withoutVerify(makeEngine(name, gate)) : makeEngine(name, gate)),
        clock: CLOCK,
        random: () => 0,
        faults: { reach: () => {} },
      });
      mine.isOver = true;
      if (ended.error) codes.push(ended.error.code);
      return {
        steps: ended.results,
        end: ended.end,
        settled: ended.settled,
        ...(ended.error && { error: ended.error }),
      };
    };
  };
  const open = (name: string, gate: Gate): Session =>
    makeSession(jobId, {
      reader: makeNativePlace(openJobStore(path, CLOCK)),
      clock: CLOCK,
      authority: ANYBODY,
      actuator: makeNativeActuator({
        openStore,
        clock: CLOCK,
        principal: name,
        policy: { type: 'none' },
        version: '0',
        words: { describeFinding: String, describeStep: String, describeWarning: String },
        makeId: () => `${name}-${codes.length}-${ledger.length}`,
        stopGraceMs: 0,
        runPlan: makeRunPlan(name, gate),
        writeRows: () => Promise.reject(new Error('no rows are written back')),
      }),
    });
  const say = async (session: Session, command: SessionCommand): Promise<SessionState> => {
    session.send(command);
    await session.idle();
    const state = session.snapshot();
    if (state.stage === 'refused') codes.push(state.error.code);
    return state;
  };
  const agree = (name: string, choice: PlanChoice): Actor => ({
    name,
    canMove: () => !dead.has(name),
    run: async (gate) => {
      const session = open(name, gate);
      await say(session, { type: 'inspect' });
      const planned = await say(session, { type: 'choose', choice });
      if (planned.stage !== 'planned') return;
      await gate('agree');
      const { digest: planDigest } = planned.plan;
      const consent = { planDigest, principal: name, atMs: CLOCK.nowMs(), form: 'flag' } as const;
      await say(session, { type: 'approve', consent });
    },
  });
  const isRunning = (name: string) => held.get(name)?.isOver === false && !dead.has(name);
  return {
    ...{ path, jobId, ledger, late, acknowledged, codes, epoch },
    runner: agree,
    canceller: (name) => agree(name, 'cancel'),
    person: (name, rounds = 1) => ({
      name,
      run: async (gate) => {
        for (let round = 0; round < rounds; round += 1) {
          const session = open(name, gate);
          await say(session, { type: 'inspect' });
          const { units } = await makeNativePlace(openJobStore(path, CLOCK)).units(jobId, {
            statuses: ['in_doubt', 'needs_review'],
            offset: 0,
            limit: 9,
          });
          const words = Map.groupBy(
            units,
            ({ idempotencyKey }): SettledAs => (ledger.includes(idempotencyKey) ? 'done' : 'pending'),
          );
          for (const [as, meant] of words) {
            await gate(`say ${as}`);
            const seen = meant.map(({ number, eventSequence }) => ({ number, eventSequence }));
            await say(session, { type: 'settle', units: seen, as, reason: 'seen' });
          }
          if (round + 1 < rounds) await gate('look again');
        }
      },
    }),
    killer: (name, victim) => ({
      name,
      canMove: () => isRunning(victim),
      run: async () => {
        dead.add(victim);
        await held.get(victim)?.release();
      },
    }),
    sleeper: (name, victim) => ({
      name,
      canMove: () => isRunning(victim),
      run: async () => {
        const sql = "UPDATE leases SET host = 'elsewhere', heartbeat_at_ms = ? WHERE epoch = ?";
        alterStore(path, sql, LONG_AGO_MS, held.get(victim)?.epoch ?? 0);
        // What it holds on to is no longer the lock that others look at: of another host they would see none.
        rmSync(lockPath(path, jobId), { force: true });
      },
    }),
    [Symbol.asyncDispose]: async () => {
      watch.close();
      for (const store of stores) await store.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function withoutVerify({ verify: _verify, ...engine }: UnitEngine): UnitEngine {
  return engine;
}
