import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { buildProposal } from '../../../src/core/families/propose.ts';
import { approvePlan } from '../../../src/core/plan/approve-plan.ts';
import { readOwnIdentity, readProcessStat } from '../../../src/platform/process-probe.ts';
import { makeNativeActuator } from '../../../src/sources/native/act.ts';
import { collectEvidence } from '../../../src/sources/native/collect.ts';
import { stopJob } from '../../../src/sources/native/stop.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { readAudit } from '../../../src/store/sqlite/audit.ts';
import { lockPath } from '../../../src/store/state-directory.ts';
import { ANYBODY } from '../../helpers/evidence-builders.ts';
import { SRC, startScript } from '../../helpers/start-script.ts';
import { makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const AT_MS = SEED_MS + 60_000;

/** A process that holds the lock of a job, as its runner does, and does `onTerm` to the store when it is asked to stop. */
async function startRunner(state: TempState, onTerm: string) {
  const job = state.addJob({ status: 'running', units: ['done', 'pending'] });
  const runner = startScript(`
    import { openStore } from '${SRC}/store/sqlite/database.ts';
    import { releaseLease } from '${SRC}/store/sqlite/leases.ts';
    import { setStatus } from '${SRC}/store/sqlite/jobs.ts';
    import { DatabaseSync } from 'node:sqlite';
    const lock = new DatabaseSync(${JSON.stringify(lockPath(state.path, job.id))});
    lock.exec('BEGIN EXCLUSIVE');
    const database = openStore(${JSON.stringify(state.path)});
    const end = (status) => {
      releaseLease(database, ${job.seq}, { epoch: 1, atMs: ${AT_MS} });
      setStatus(database, ${job.seq}, status);
      process.exit(0);
    };
    process.on('SIGTERM', () => { ${onTerm} });
    // The lock is held as long as somebody still knows it.
    setInterval(() => lock.isOpen, 60_000);
    console.log('up');
  `);
  await runner.says('up');
  const pidStartTicks = readProcessStat(runner.pid)?.startTicks ?? 0;
  state.hold(job, { identity: { ...readOwnIdentity(), pid: runner.pid, pidStartTicks } });
  return { job, runner };
}

async function approveStop(state: TempState, jobId: string) {
  const evidence = await collectEvidence(state.open(AT_MS), jobId);
  const proposal = buildProposal({ evidence, diagnosis: diagnose(evidence), authority: ANYBODY }, 'stop', {});
  if (proposal.type !== 'plan' || !evidence.lease) throw new Error(`stop is ${JSON.stringify(proposal)}`);
  const consent = { planDigest: proposal.plan.digest, principal: 'local:ops', atMs: AT_MS } as const;
  return { approved: approvePlan(proposal.plan, { ...consent, form: 'flag' }, evidence), holder: evidence.lease };
}

async function stop(state: TempState, jobId: string, graceMs = 20_000) {
  const agreed = await approveStop(state, jobId);
  const clock = { nowMs: () => AT_MS };
  return stopJob({ store: state.open(AT_MS), ...agreed, clock, graceMs, signal: () => undefined });
}

/** Carries out a stop that was agreed to, as the console and the command do. */
function carryOut(state: TempState, { approved }: Awaited<ReturnType<typeof approveStop>>) {
  const clock = { nowMs: () => AT_MS };
  const actuator = makeNativeActuator({
    openStore: () => openJobStore(state.path, clock),
    clock,
    principal: 'local:ops',
    policy: { type: 'none' },
    version: '0',
    words: { describeFinding: String, describeStep: String, describeWarning: String },
    makeId: () => 'id',
    stopGraceMs: 20_000,
    runPlan: () => Promise.reject(new Error('nothing is run')),
    writeRows: () => Promise.reject(new Error('nothing is written')),
  });
  return actuator.start(approved, () => {}).done;
}

describe('a stop that was agreed to, whose runner somebody else stops first', () => {
  it.each([
    ['stopped', { status: 'stopped', exit_code: 0 }],
    ['completed', { status: 'recovered', exit_code: 0 }],
    ['failed', { status: 'failed', exit_code: 5 }],
  ])(
    'a job that is %s by then is told as that, and the step that was not needed is not ticked',
    async (status, told) => {
      await using state = await makeTempState();
      const { job, runner } = await startRunner(state, `end('${status}');`);
      await using _ = runner;
      const agreed = await approveStop(state, job.id);
      runner.signal('SIGTERM');
      await runner.ended;
      const { report, steps } = await carryOut(state, agreed);
      expect(report).toMatchObject({ choice: 'stop', outcome: told });
      expect(steps).toMatchObject([{ step: { action: 'stop_runner' }, state: 'not_run' }]);
    },
  );

  it('EVIDENCE_STALE: a job that was stopped and is run again by somebody else is not stopped', async () => {
    await using state = await makeTempState();
    const { job, runner } = await startRunner(state, "end('stopped');");
    await using _ = runner;
    const agreed = await approveStop(state, job.id);
    runner.signal('SIGTERM');
    await runner.ended;
    state.hold(job);
    await expect(carryOut(state, agreed)).rejects.toMatchObject({ code: 'EVIDENCE_STALE' });
  });
});

describe('stopJob', () => {
  it.each([
    ["end('stopped');", { result: 'stopped', end: 'stopped', told: { status: 'stopped', exit_code: 0 } }],
    ["end('completed');", { result: 'completed', end: 'completed' }],
    ["end('failed');", { result: 'failed', end: 'failed' }],
    ['process.exit(1);', { result: 'died', end: 'failed', error: { code: 'RUN_FAILED' } }],
    ['', { result: 'still_running', end: 'failed', error: { code: 'RUNNER_NOT_ENDED' } }],
  ])('a runner that does "%s" when it is asked', async (onTerm, expected) => {
    await using state = await makeTempState();
    const { job, runner } = await startRunner(state, onTerm);
    await using _ = runner;
    expect(await stop(state, job.id, onTerm === '' ? 50 : 20_000)).toMatchObject(expected);
    const said = readAudit(state.database, job.seq);
    expect(said).toMatchObject([
      { action: 'stop', outcome: 'done', principal: 'local:ops', details: { holder_epoch: 1, pid: runner.pid } },
      { action: 'stop_outcome', outcome: 'done', details: { holder_epoch: 1, result: expected.result } },
    ]);
    expect(state.database.prepare('SELECT count(*) AS n FROM leases').get()).toEqual({ n: 1 });
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['running', 'stopped'],
  ] as const)(
    'somebody else has the job by then, and it is %s: neither is told as a stop that went well',
    async (status, told) => {
      await using state = await makeTempState();
      const { job, runner } = await startRunner(state, "console.log('asked');");
      await using _ = runner;
      const stopping = stop(state, job.id);
      await runner.says('asked');
      state.hold(job);
      state.database.prepare('UPDATE jobs SET status = ?').run(status);
      runner.signal('SIGKILL');
      expect(await stopping).toMatchObject({
        result: 'taken_over',
        end: 'fenced',
        told: { status: told, exit_code: 6 },
      });
    },
  );

  it('EVIDENCE_STALE: somebody took the job since it was agreed to; nobody is asked', async () => {
    await using state = await makeTempState();
    const { job, runner } = await startRunner(state, "console.log('asked');");
    await using _ = runner;
    const agreed = await approveStop(state, job.id);
    state.hold(job);
    const clock = { nowMs: () => AT_MS };
    const order = { store: state.open(AT_MS), ...agreed, clock, graceMs: 0, signal: () => undefined };
    await expect(stopJob(order)).rejects.toMatchObject({ code: 'EVIDENCE_STALE' });
    expect(readAudit(state.database, job.seq)).toEqual([]);
    runner.signal('SIGKILL');
    expect((await runner.ended).text).not.toContain('asked');
  });

  it('AUDIT_BROKEN: a chain that was broken since; nobody is asked', async () => {
    await using state = await makeTempState();
    const { job, runner } = await startRunner(state, "console.log('asked');");
    await using _ = runner;
    await state.open(AT_MS).change(job.id, {}, () => ({
      answer: undefined,
      change: {
        atMs: AT_MS,
        audit: [{ atMs: AT_MS, principal: 'local:ops', action: 'run', outcome: 'done', details: {} }],
      },
    }));
    const agreed = await approveStop(state, job.id);
    state.database.exec("UPDATE audit SET principal = 'local:other'");
    const clock = { nowMs: () => AT_MS };
    const order = { store: state.open(AT_MS), ...agreed, clock, graceMs: 0, signal: () => undefined };
    await expect(stopJob(order)).rejects.toMatchObject({ code: 'AUDIT_BROKEN' });
    runner.signal('SIGKILL');
    expect((await runner.ended).text).not.toContain('asked');
  });
});
