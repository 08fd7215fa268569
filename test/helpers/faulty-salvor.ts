/**
 * A program that runs or resumes a job as Salvor does, and dies at a named point: `node faulty-salvor.ts STATE POINT NTH
 * group|alone|stop FILE|JOB
 * [ENGINE]`, ENGINE being a module that makes the engine. `group` takes its children with it, `alone` leaves them; `stop` only stops it.
 */
import { randomUUID } from 'node:crypto';
import { lookAtJob } from '../../src/cli/look-at-job.ts';
import type { Faults } from '../../src/core/ports.ts';
import { makeSession } from '../../src/core/session/make-session.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { describeFinding, describeStep, describeWarning } from '../../src/present/words.ts';
import { type RunChange, runPlanWith } from '../../src/runner/run-plan.ts';
import { startJob } from '../../src/runner/start-job.ts';
import { writeRows } from '../../src/runner/write-rows.ts';
import { makeNativeActuator } from '../../src/sources/native/act.ts';
import { makeNativePlace } from '../../src/sources/native/read.ts';
import { openJobStore } from '../../src/store/open-store.ts';

const [stateDirectory = '', point = '', nth = '1', whom = 'group', what = '', engine] = process.argv.slice(2);
let reached = 0;
const faults: Faults = {
  reach(name) {
    if (name !== point) return;
    reached += 1;
    if (reached !== Number(nth)) return;
    process.kill(whom === 'group' ? 0 : process.pid, whom === 'stop' ? 'SIGSTOP' : 'SIGKILL');
  },
};
const change: RunChange = { faults, ...(engine !== undefined && (await import(engine))) };
await (what.endsWith('.yaml') ? run(what) : resume(what));

async function run(file: string): Promise<void> {
  const started = await startJob({
    store: openJobStore(stateDirectory, systemClock),
    lookAt: lookAtJob,
    file,
    params: {},
    principal: 'test',
    ...change,
  });
  const never = new AbortController().signal;
  await started.run({ stop: never, kill: never, onEvent: () => {} });
}

async function resume(jobId: string): Promise<void> {
  const policy = { type: 'none' } as const;
  const session = makeSession(jobId, {
    reader: makeNativePlace(openJobStore(stateDirectory, systemClock)),
    clock: systemClock,
    authority: { principal: 'test', policy, readOnly: false, canAct: true },
    actuator: makeNativeActuator({
      openStore: () => openJobStore(stateDirectory, systemClock),
      clock: systemClock,
      principal: 'test',
      policy,
      version: '0',
      words: { describeFinding, describeStep, describeWarning },
      makeId: randomUUID,
      stopGraceMs: 1000,
      runPlan: (asked) => runPlanWith(change, asked),
      writeRows,
    }),
  });
  session.send({ type: 'inspect' });
  session.send({ type: 'choose', choice: 'resume' });
  session.send({ type: 'answer', questionId: 'orphans', value: 'wait' });
  await session.idle();
  const state = session.snapshot();
  if (state.stage !== 'planned') throw new Error(`the session is ${state.stage}`);
  const consent = {
    planDigest: state.plan.digest,
    principal: 'test',
    atMs: systemClock.nowMs(),
    form: 'flag',
  } as const;
  session.send({ type: 'approve', consent });
  await session.idle();
}
