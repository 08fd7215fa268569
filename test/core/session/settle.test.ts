import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { makeSession } from '../../../src/core/session/make-session.ts';
import { sampleEvidence } from '../../helpers/sample-evidence.ts';
import { makeScriptedPorts, type Script } from '../../helpers/scripted-ports.ts';

const UNITS = [{ number: 48, eventSequence: 480 }];
const SETTLE = { type: 'settle', units: UNITS, as: 'done', receipt: '1Z', reason: 'seen in the portal' } as const;

async function settle(script: Script) {
  const { ports, calls, refusals } = makeScriptedPorts(script);
  const session = makeSession('job-california', ports);
  session.send({ type: 'inspect' });
  session.send(SETTLE);
  await session.idle();
  return { state: session.snapshot(), calls, refusals };
}

describe('settle', () => {
  it('says a person’s word about one unit and looks again', async () => {
    const after = sampleEvidence({ collectedAtMs: 1 });
    const { state, calls } = await settle({ settle: 'ok', looks: [sampleEvidence(), after] });
    const { type: _type, ...request } = SETTLE;
    expect(calls).toEqual([
      'collect job-california',
      `settle ${JSON.stringify({ jobId: 'job-california', epoch: 1, runnerSeen: 'dead', heartbeatSeenMs: sampleEvidence().lease?.heartbeatAtMs, ...request })}`,
      'collect job-california',
    ]);
    expect(state).toMatchObject({ stage: 'diagnosed', evidence: { collectedAtMs: 1 } });
    expect(state).toMatchObject({ settled: [{ number: 48, key: 'A48', was: 'in_doubt', now: 'done' }] });
  });

  it('is refused by the state as it is, and that is recorded', async () => {
    const error = new RecoveryError('UNIT_NOT_OPEN', 'row 48 is done');
    const { state, refusals } = await settle({ settle: error, refusals: 'ok' });
    expect(state).toMatchObject({ stage: 'refused', error, looked: { diagnosis: { verdict: 'interrupted' } } });
    expect(refusals).toEqual([
      { jobId: 'job-california', action: 'settle', code: 'UNIT_NOT_OPEN', message: 'row 48 is done' },
    ]);
  });

  it.each([
    ['READ_ONLY', { readOnly: true }],
    ['CHOICE_UNSUPPORTED', { canAct: false }],
    ['POLICY_INVALID', { policy: { type: 'invalid', path: '/p', problem: 'not JSON' } }],
    [
      'ACCESS_DENIED',
      {
        policy: {
          type: 'file',
          path: '/p',
          file: {
            schema_version: 1,
            team_mode: true,
            bindings: [{ principal: '*', roles: ['r'] }],
            roles: { r: { allow: ['*'], deny: ['recover:settle'] } },
          },
        },
      },
    ],
  ] as const)('%s: nothing is asked of the state', async (code, authority) => {
    const { state, calls } = await settle({ refusals: 'ok', authority: authority as Script['authority'] & object });
    expect(state).toMatchObject({ stage: 'refused', error: { code } });
    expect(calls).toEqual(['collect job-california']);
  });
});
