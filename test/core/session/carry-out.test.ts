import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { makeSession } from '../../../src/core/session/make-session.ts';
import type { Session, SessionCommand, SessionState } from '../../../src/core/session/schema.ts';
import { SAMPLE_MS, sampleReport } from '../../helpers/sample-evidence.ts';
import { makeScriptedPorts, type Script, type ScriptedPorts } from '../../helpers/scripted-ports.ts';

const JOB = 'job-california';

function open(script: Script = {}): ScriptedPorts & { readonly session: Session } {
  const scripted = makeScriptedPorts(script);
  return { ...scripted, session: makeSession(JOB, scripted.ports) };
}

/** Sends commands and answers where they lead. */
async function say(session: Session, ...commands: readonly SessionCommand[]): Promise<SessionState> {
  for (const command of commands) session.send(command);
  await session.idle();
  return session.snapshot();
}

const INSPECT: SessionCommand = { type: 'inspect' };
const CHOOSE_RESUME: SessionCommand = { type: 'choose', choice: 'resume' };

/** Agrees to the plan that is shown. */
function approve(session: Session, change: { readonly planDigest?: string } = {}): SessionCommand {
  const state = session.snapshot();
  const planDigest = state.stage === 'planned' ? state.plan.digest : 'none';
  return { type: 'approve', consent: { planDigest, principal: 'local:ops', atMs: SAMPLE_MS, form: 'flag', ...change } };
}

/** A session that carries out a resume. */
async function execute(script: Script = {}) {
  const opened = open({ start: 'wait', ...script });
  await say(opened.session, INSPECT, CHOOSE_RESUME);
  opened.session.send(approve(opened.session));
  return { ...opened, running: await opened.started };
}

describe('carryOut', () => {
  it('goes from consent to report, and holds what it is told meanwhile', async () => {
    const { session, running, calls } = await execute();
    expect(session.snapshot()).toMatchObject({
      stage: 'executing',
      startedAtMs: SAMPLE_MS,
      stopping: false,
      progress: { done: 47, total: 200 },
      steps: [{ state: 'not_run' }, { state: 'not_run' }, { state: 'not_run' }],
    });
    const progress = { done: 48, total: 200, unit: 'row', failed: 0, inDoubt: 0, needsReview: 0 } as const;
    running.tell({
      type: 'step',
      index: 1,
      result: { step: { by: 'runner', action: 'retry_failed_units', count: 1 }, state: 'done' },
    });
    running.tell({ type: 'progress', progress, lastUnit: { number: 48, key: 'A48', receipt: '1Z' } });
    running.tell({ type: 'line', text: 'shipped' });
    running.tell({ type: 'progress', progress });
    expect(session.snapshot()).toMatchObject({
      steps: [{ state: 'not_run' }, { state: 'done' }, { state: 'not_run' }],
      progress,
      progressBefore: { done: 47 },
      lastUnit: { number: 48, key: 'A48', receipt: '1Z' },
      lastLine: 'shipped',
    });
    const error = { code: 'RUN_FAILED', message: 'no license' };
    running.end({ steps: [], report: sampleReport(), reportPath: '/srv/report.json', error });
    await session.idle();
    expect(session.snapshot()).toEqual({
      stage: 'reported',
      steps: [],
      report: sampleReport(),
      reportPath: '/srv/report.json',
      error,
    });
    expect(calls).toEqual([`collect ${JOB}`, 'start resume']);
  });

  it('hears stop and detach while it carries out, and shows that it is stopping', async () => {
    const { session, running } = await execute();
    session.send({ type: 'stop', signal: 'SIGINT' });
    session.send({ type: 'detach' });
    session.send({ type: 'stop' });
    expect(running.asked).toEqual(['stop SIGINT', 'detach', 'stop undefined']);
    expect(session.snapshot()).toMatchObject({ stage: 'executing', stopping: true });
    running.end({ steps: [], report: sampleReport(), reportPath: undefined });
    await session.idle();
    session.send({ type: 'stop' });
    session.send({ type: 'detach' });
    expect(running.asked).toHaveLength(3);
    expect(session.snapshot().stage).toBe('reported');
  });

  it('hears a stop that is sent the moment it begins', async () => {
    const opened = open({ start: 'wait' });
    await say(opened.session, INSPECT, CHOOSE_RESUME);
    const unsubscribe = opened.session.subscribe(() => {
      unsubscribe();
      opened.session.send({ type: 'stop', signal: 'SIGTERM' });
    });
    opened.session.send(approve(opened.session));
    const running = await opened.started;
    running.end({ steps: [], report: sampleReport(), reportPath: undefined });
    await opened.session.idle();
    expect(running.asked).toEqual(['stop SIGTERM']);
  });

  it('hears a stop that is sent after the consent and before it begins', async () => {
    const opened = open({ start: 'wait' });
    await say(opened.session, INSPECT, CHOOSE_RESUME);
    opened.session.send(approve(opened.session));
    opened.session.send({ type: 'stop', signal: 'SIGTERM' });
    const running = await opened.started;
    expect(running.asked).toEqual(['stop SIGTERM']);
    expect(opened.session.snapshot()).toMatchObject({ stage: 'executing', stopping: true });
    running.end({ steps: [], report: sampleReport(), reportPath: undefined });
    await opened.session.idle();
  });

  it('takes other commands only when it is through', async () => {
    const { session, running, calls } = await execute();
    session.send(INSPECT);
    expect(calls).toHaveLength(2);
    running.end({ steps: [], report: sampleReport(), reportPath: undefined });
    await session.idle();
    expect(session.snapshot().stage).toBe('diagnosed');
    expect(calls).toHaveLength(3);
  });

  it('is not moved by what comes after the report', async () => {
    const { session, running } = await execute();
    running.end({ steps: [], report: sampleReport(), reportPath: undefined });
    await session.idle();
    running.tell({ type: 'line', text: 'late' });
    expect(session.snapshot().stage).toBe('reported');
  });

  it.each(['EVIDENCE_STALE', 'LEASE_HELD'] as const)(
    '%s: is refused, recorded with its plan, and looked at again',
    async (code) => {
      const { session, running, refusals } = await execute({ refusals: 'ok' });
      running.fail(new RecoveryError(code, 'somebody was faster'));
      await session.idle();
      const state = session.snapshot();
      expect(state).toMatchObject({
        stage: 'refused',
        error: { code },
        looked: { diagnosis: { verdict: 'interrupted' } },
      });
      expect(refusals).toMatchObject([{ action: 'resume', code, planDigest: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
      expect((await say(session, INSPECT)).stage).toBe('diagnosed');
    },
  );

  it('starts nothing on consent to another plan', async () => {
    const { session, calls, refusals } = open({ refusals: 'ok' });
    await say(session, INSPECT, CHOOSE_RESUME);
    const state = await say(session, approve(session, { planDigest: 'other' }));
    expect(state).toMatchObject({ stage: 'refused', error: { code: 'CONSENT_MISMATCH' } });
    expect(calls).toEqual([`collect ${JOB}`]);
    expect(refusals).toHaveLength(1);
  });

  it('starts nothing without a plan', async () => {
    const { session, calls } = open();
    expect((await say(session, INSPECT, approve(session))).stage).toBe('diagnosed');
    expect(calls).toEqual([`collect ${JOB}`]);
  });

  it('stays at the plan without an actuator: a dry run', async () => {
    const { session } = open({ withoutActuator: true });
    await say(session, INSPECT, CHOOSE_RESUME);
    expect((await say(session, approve(session))).stage).toBe('planned');
  });
});
