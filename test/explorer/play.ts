/**
 * What actors do, in threads of their own. Everything but the effect is the real thing: sessions, actuator, lease,
 * journal, lock, rows file.
 */
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { toRecoveryError } from '../../src/core/errors.ts';
import type { UnitEngine } from '../../src/core/execution/unit-engine.ts';
import type { SettledAs } from '../../src/core/ports.ts';
import { makeSession } from '../../src/core/session/make-session.ts';
import type { Session, SessionCommand, SessionState } from '../../src/core/session/schema.ts';
import { holdLease, pickExpected } from '../../src/runner/hold-lease.ts';
import { kindOf } from '../../src/runner/kinds/registry.ts';
import { runJob } from '../../src/runner/run-job.ts';
import type { RunPlan } from '../../src/runner/run-plan.ts';
import { writeRows } from '../../src/runner/write-rows.ts';
import { makeNativeActuator } from '../../src/sources/native/act.ts';
import { makeNativePlace } from '../../src/sources/native/read.ts';
import { openJobStore } from '../../src/store/open-store.ts';
import { readEpoch } from '../../src/store/sqlite/leases.ts';
import { lockPath, storePath } from '../../src/store/state-directory.ts';
import { enter, gate, hearStop, nowMs, readEffects } from './gate.ts';
import { playControl } from './play-control.ts';
import type { Beginning, Ending, Part } from './thread-words.ts';

const CLOCK = { nowMs };

/** Plays a part to its end. */
export async function play(beginning: Beginning): Promise<Ending> {
  const { part } = beginning;
  if (part.type === 'control' || part.type === 'repair') return playControl(beginning, part);
  const stage = makeStage(beginning);
  await PLAYS[part.type](stage, part as never);
  return { codes: stage.codes, ...(stage.end !== undefined && { end: stage.end }) };
}

type Stage = Beginning & {
  readonly session: Session;
  readonly codes: string[];
  end: string | undefined;
  stopped: boolean;
};

/** Parts of those who act on a store. */
type StorePart = Exclude<Part, { type: 'control' | 'repair' }>;

const PLAYS: { readonly [T in StorePart['type']]: (stage: Stage, part: Extract<Part, { type: T }>) => Promise<void> } =
  {
    choose: agree,
    settle,
    write_back: writeBack,
  };

function makeStage(beginning: Beginning): Stage {
  const { path, jobId } = beginning;
  const session = makeSession(jobId, {
    reader: makeNativePlace(openJobStore(path, CLOCK)),
    clock: CLOCK,
    authority: { canAct: true, readOnly: false, principal: beginning.name, policy: { type: 'none' } },
    actuator: makeActuator(beginning, (name, options) => runPlanOf(stage, name)(options)),
  });
  const stage: Stage = { ...beginning, session, codes: [], end: undefined, stopped: false };
  return stage;
}

function makeActuator(
  { name, path }: Beginning,
  run: (name: string, asked: Parameters<RunPlan>[0]) => ReturnType<RunPlan>,
) {
  return makeNativeActuator({
    openStore: () => openJobStore(path, CLOCK),
    clock: CLOCK,
    principal: name,
    policy: { type: 'none' },
    version: '0',
    words: { describeFinding: String, describeStep: String, describeWarning: String },
    makeId: makeIds(name),
    stopGraceMs: 0,
    runPlan: (asked) => run(name, asked),
    writeRows,
  });
}

function makeIds(name: string): () => string {
  let made = 0;
  return () => {
    made += 1;
    return `${name}-${made}`;
  };
}

async function say(stage: Stage, command: SessionCommand): Promise<SessionState> {
  const { session } = stage;
  session.send(command);
  await session.idle();
  const state = session.snapshot();
  if (state.stage === 'refused') stage.codes.push(state.error.code);
  return state;
}

async function agree(stage: Stage, { choice }: Extract<Part, { type: 'choose' }>): Promise<void> {
  hearStop(() => {
    stage.stopped = true;
  });
  await say(stage, { type: 'inspect' });
  const planned = await say(stage, { type: 'choose', choice });
  if (planned.stage !== 'planned') return;
  gate('agree');
  const { plan, evidence } = planned;
  const { epoch } = evidence.recorded;
  enter({ type: 'agreed', by: stage.name, epoch, journalSequence: evidence.units?.journalSequence ?? 0 });
  const { digest: planDigest } = plan;
  const consent = { planDigest, principal: stage.name, atMs: nowMs(), form: 'flag' } as const;
  const approved = say(stage, { type: 'approve', consent });
  const stop = () => {
    stage.stopped = true;
    stage.session.send({ type: 'stop', signal: 'SIGTERM' });
  };
  // As a process of its own does it: a stop from before the plan was made is for what begins now.
  if (stage.stopped) stop();
  hearStop(stop);
  await approved;
}

async function settle(stage: Stage, { rounds }: Extract<Part, { type: 'settle' }>): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const looked = await say(stage, { type: 'inspect' });
    const { units } = await openJobStore(stage.path, CLOCK).units(stage.jobId, {
      statuses: ['in_doubt', 'needs_review'],
      offset: 0,
      limit: 9,
    });
    if (units.length > 0) gate('ask');
    const effects = readEffects();
    const words = Map.groupBy(units, (unit): SettledAs => (effects.has(unit.idempotencyKey) ? 'done' : 'pending'));
    for (const [as, meant] of words) {
      gate(`say ${as}`);
      const seen = meant.map(({ number, eventSequence }) => ({ number, eventSequence }));
      const { epoch } = 'evidence' in looked ? looked.evidence.recorded : { epoch: 0 };
      const said = await say(stage, { type: 'settle', units: seen, as, reason: 'seen' });
      if ('settled' in said) enter({ type: 'word', epoch, units: seen });
      if (words.size > 1) break;
    }
  }
}

async function writeBack(stage: Stage): Promise<void> {
  try {
    await makeActuator(stage, () => Promise.reject(new Error('nothing is run'))).writeBack?.(stage.jobId);
  } catch (thrown) {
    stage.codes.push(toRecoveryError(thrown).code);
  }
}

function makeEngine(
  stage: Stage,
  epoch: number,
  held: { readonly check: () => Promise<void>; readonly current: () => number },
) {
  return {
    start: async () => {},
    perform: async (work, onReceipt) => {
      gate(`effect ${work.number}`);
      await held.check();
      const { name: by, stopped } = stage;
      enter({ type: 'effect', by, key: work.idempotencyKey, epoch, current: held.current(), stopped });
      gate(`acted ${work.number}`);
      const receipt = `1Z-${by}-${work.number}`;
      await onReceipt(receipt);
      enter({ type: 'told', number: work.number, receipt });
      return { type: 'done', receipt };
    },
    verify: async (work) => {
      gate(`ask ${work.number}`);
      const isDone = readEffects().has(work.idempotencyKey);
      gate(`answer ${work.number}`);
      return isDone ? { type: 'done' } : { type: 'not_done' };
    },
    stop: async () => {},
    kill: () => {},
  } as const satisfies UnitEngine;
}

function runPlanOf(stage: Stage, name: string): RunPlan {
  return async ({ store, job, approved, stop, kill, onEvent, onStarted }) => {
    const { plan, evidence } = approved;
    const held = await holdLease({
      store,
      job,
      expected: pickExpected(evidence),
      audit: {
        atMs: nowMs(),
        principal: name,
        action: plan.choice,
        outcome: 'done',
        planDigest: plan.digest,
        details: {},
      },
    });
    const isElsewhere = stage.part.type === 'choose' && stage.part.isElsewhere === true;
    const database = new DatabaseSync(storePath(stage.path));
    // All actors are of this process: of one in another namespace only its lock tells whether it lives, and of one on
    // another host only its heartbeat, since its lock is not seen.
    const own = isElsewhere ? "host = 'elsewhere'" : "pid_namespace = 'explored'";
    database.prepare(`UPDATE leases SET ${own} WHERE epoch = ?`).run(held.epoch);
    if (isElsewhere) rmSync(lockPath(stage.path, job.id), { force: true });
    onStarted();
    const work = (await kindOf(job).load()).parse(job.spec);
    const ended = await runJob({
      ...{ store, job, work, stop, kill, onEvent, held },
      steps: plan.steps.filter((step) => step.by === 'runner'),
      orphans: [],
      makeEngine: ({ checkHeld, program }) => {
        const holding = { check: checkHeld, current: () => readEpoch(database, job.seq) };
        const { verify, ...engine } = makeEngine(stage, held.epoch, holding);
        return program.verify ? { ...engine, verify } : engine;
      },
      clock: CLOCK,
      random: () => 0,
      faults: { reach: () => {} },
    });
    database.close();
    if (ended.error) stage.codes.push(ended.error.code);
    stage.end = ended.end;
    return {
      steps: ended.results,
      end: ended.end,
      settled: ended.settled,
      ...(ended.error && { error: ended.error }),
    };
  };
}
