import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { makeSession } from '../../../src/core/session/make-session.ts';
import type { Session, SessionCommand, SessionState } from '../../../src/core/session/schema.ts';
import { LIVING, SAMPLE_ORPHANS } from '../../helpers/evidence-builders.ts';
import { sampleEvidence } from '../../helpers/sample-evidence.ts';
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

describe('makeSession, looking', () => {
  it('reads nothing before it is asked to', () => {
    const { session, calls } = open();
    expect(session.snapshot()).toEqual({ stage: 'collecting', jobId: JOB });
    expect(calls).toEqual([]);
  });

  it('becomes diagnosed with evidence, diagnosis and what each choice would do', async () => {
    const { session, calls } = open();
    const state = await say(session, INSPECT);
    expect(state).toMatchObject({
      stage: 'diagnosed',
      evidence: sampleEvidence(),
      diagnosis: { verdict: 'interrupted' },
    });
    expect(calls).toEqual([`collect ${JOB}`]);
  });

  it('tells what cannot be read, without anything having been looked at', async () => {
    const error = new RecoveryError('STATE_UNREADABLE', 'permission denied');
    const { session, refusals } = open({ looks: [error] });
    expect(await say(session, INSPECT)).toEqual({ stage: 'refused', error });
    expect(refusals).toEqual([]);
  });

  it('looks again after it was refused', async () => {
    const { session } = open({ looks: [new RecoveryError('STATE_UNREADABLE', 'x'), sampleEvidence()] });
    expect((await say(session, INSPECT)).stage).toBe('refused');
    expect((await say(session, INSPECT)).stage).toBe('diagnosed');
  });
});

describe('makeSession, choosing', () => {
  it('plans a choice and does nothing yet', async () => {
    const { session, calls } = open();
    const state = await say(session, INSPECT, CHOOSE_RESUME);
    expect(state).toMatchObject({
      stage: 'planned',
      plan: { choice: 'resume' },
      diagnosis: { verdict: 'interrupted' },
    });
    expect(calls).toEqual([`collect ${JOB}`]);
  });

  it('plans nothing before it has looked', async () => {
    const { session } = open();
    expect(await say(session, CHOOSE_RESUME)).toEqual({ stage: 'collecting', jobId: JOB });
  });

  it('refuses what cannot be taken, keeps what was seen, and records the refusal', async () => {
    const { session, refusals } = open({ looks: [sampleEvidence({ liveness: LIVING })], refusals: 'ok' });
    const state = await say(session, INSPECT, CHOOSE_RESUME);
    expect(state).toMatchObject({
      stage: 'refused',
      error: { code: 'RUNNER_ALIVE' },
      looked: { diagnosis: { verdict: 'alive' } },
    });
    expect(refusals).toEqual([
      { jobId: JOB, action: 'resume', code: 'RUNNER_ALIVE', message: state.stage === 'refused' && state.error.message },
    ]);
    expect((await say(session, { type: 'choose', choice: 'cancel' })).stage).toBe('planned');
  });

  it('tells a refusal that cannot be recorded', async () => {
    const { session } = open({ looks: [sampleEvidence({ liveness: LIVING })], refusals: 'unwritable' });
    expect(await say(session, INSPECT, CHOOSE_RESUME)).toMatchObject({
      stage: 'refused',
      error: { code: 'RUNNER_ALIVE' },
    });
  });

  it('records nothing when Salvor was started read-only', async () => {
    const { session, refusals } = open({ authority: { readOnly: true } });
    expect(await say(session, INSPECT, CHOOSE_RESUME)).toMatchObject({
      stage: 'refused',
      error: { code: 'READ_ONLY' },
    });
    expect(refusals).toEqual([]);
  });

  it('rebuilds the plan with a decision, and only a plan', async () => {
    const { session } = open({ looks: [sampleEvidence({ orphans: SAMPLE_ORPHANS })] });
    const asked = await say(session, INSPECT, { type: 'answer', questionId: 'orphans', value: 'end' }, CHOOSE_RESUME);
    expect(asked).toMatchObject({ plan: { questions: [{ id: 'orphans' }], answers: {} } });
    const decided = await say(session, { type: 'answer', questionId: 'orphans', value: 'end' });
    expect(decided).toMatchObject({ plan: { questions: [], answers: { orphans: 'end' } } });
    expect(decided.stage === 'planned' && asked.stage === 'planned' && decided.plan.digest).not.toBe(
      asked.stage === 'planned' && asked.plan.digest,
    );
  });

  it('goes back to what was seen without reading again', async () => {
    const { session, calls } = open();
    const diagnosed = await say(session, INSPECT);
    expect(await say(session, CHOOSE_RESUME, { type: 'back' })).toEqual(diagnosed);
    expect(calls).toEqual([`collect ${JOB}`]);
  });
});

describe('makeSession, states', () => {
  it('replaces them whole and tells every subscriber once for each', async () => {
    const { session } = open();
    const seen: SessionState[] = [];
    let others = 0;
    session.subscribe(() => seen.push(session.snapshot()));
    const unsubscribe = session.subscribe(() => {
      others += 1;
      unsubscribe();
    });
    await say(session, INSPECT, CHOOSE_RESUME);
    expect(seen.map(({ stage }) => stage)).toEqual(['collecting', 'diagnosed', 'planned']);
    expect(new Set(seen).size).toBe(3);
    expect(seen[1]).toMatchObject({ stage: 'diagnosed' });
    expect('plan' in (seen[1] ?? {})).toBe(false);
    expect(others).toBe(1);
  });
});

describe('makeSession, what nobody expected', () => {
  /** Evidence with a fact that throws when a plan is built from it. */
  function makeTrap(): ReturnType<typeof sampleEvidence> {
    const evidence = sampleEvidence();
    let looks = 0;
    return {
      ...evidence,
      get orphans() {
        looks += 1;
        if (looks > 100) throw new TypeError('orphans are gone');
        return evidence.orphans;
      },
      set looks(count: number) {
        looks = count;
      },
    } as ReturnType<typeof sampleEvidence>;
  }

  it('a throw while it chooses is told as a bug, and the next command is obeyed', async () => {
    const trap = makeTrap();
    const { session } = open({ looks: [trap, sampleEvidence()], refusals: 'ok' });
    await say(session, INSPECT);
    Object.assign(trap, { looks: 100 });
    expect(await say(session, CHOOSE_RESUME)).toMatchObject({
      stage: 'refused',
      error: { code: 'INTERNAL', message: 'orphans are gone' },
      looked: { diagnosis: { verdict: 'interrupted' } },
    });
    expect((await say(session, INSPECT, CHOOSE_RESUME)).stage).toBe('planned');
  });

  it('a listener that throws keeps nobody else from hearing, and nothing from being done', async () => {
    const { session } = open();
    const heard: string[] = [];
    let throws = 1;
    session.subscribe(() => {
      throws -= 1;
      if (throws >= 0) throw new Error('the screen is gone');
    });
    session.subscribe(() => heard.push(session.snapshot().stage));
    expect(await say(session, INSPECT)).toMatchObject({ stage: 'refused', error: { code: 'INTERNAL' } });
    expect(heard).toEqual(['collecting', 'refused']);
    expect((await say(session, INSPECT)).stage).toBe('diagnosed');
    throws = Number.POSITIVE_INFINITY;
    expect((await say(session, CHOOSE_RESUME)).stage).toBe('refused');
    throws = 0;
    expect((await say(session, INSPECT)).stage).toBe('diagnosed');
  });

  it('a refusal that throws while it is recorded is told', async () => {
    const { session, ports } = open({ looks: [sampleEvidence({ liveness: LIVING })] });
    if (ports.actuator) {
      Object.assign(ports.actuator, {
        recordRefusal: () => {
          throw new TypeError('no store');
        },
      });
    }
    expect(await say(session, INSPECT, CHOOSE_RESUME)).toMatchObject({
      stage: 'refused',
      error: { code: 'RUNNER_ALIVE' },
    });
  });
});
