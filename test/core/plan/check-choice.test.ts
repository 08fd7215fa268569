import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Evidence, LeaseHolder, LivenessFacts } from '../../../src/core/evidence/schema.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { buildProposal } from '../../../src/core/families/propose.ts';
import type { ActingChoice } from '../../../src/core/job/schema.ts';
import type { AccessPolicy } from '../../../src/core/plan/access.ts';
import type { Authority } from '../../../src/core/plan/choice-row.ts';
import { describeHolder, pickHolder } from '../../../src/core/plan/describe-holder.ts';
import type { Refusal } from '../../../src/core/plan/schema.ts';
import { askFor, LIVING, planFor, withStatus, withUnits } from '../../helpers/evidence-builders.ts';
import { SAMPLE_HOLDER, sampleEvidence } from '../../helpers/sample-evidence.ts';

const BROKEN = { sequence: 3, expected: 'aa', found: 'bb' };
const DENYING: AccessPolicy = {
  type: 'file',
  path: '/policy.json',
  file: { schema_version: 1, team_mode: true, bindings: [], roles: {} },
};

/** Something that is wrong, as a change of the evidence or of who asks. */
type Wrong = {
  readonly evidence?: (evidence: Evidence) => Evidence;
  readonly authority?: Partial<Authority>;
  readonly code: ErrorCode;
};

const withCounts = (counts: Parameters<typeof withUnits>[0]) => (evidence: Evidence) => {
  const { units } = withUnits(counts);
  return units ? { ...evidence, units } : evidence;
};

/** Every refusal of a resume, in the order they are tried. Those that exclude each other are tried apart below. */
const IN_ORDER: readonly Wrong[] = [
  { code: 'READ_ONLY', authority: { readOnly: true } },
  { code: 'CHOICE_UNSUPPORTED', authority: { canAct: false } },
  { code: 'ACCESS_DENIED', authority: { policy: DENYING } },
  { code: 'AUDIT_BROKEN', evidence: (one) => ({ ...one, audit: { ...one.audit, broken: BROKEN } }) },
  {
    code: 'RUNNER_ALIVE',
    evidence: ({ lease: _released, ...one }) => ({ ...one, lease: SAMPLE_HOLDER, liveness: LIVING }),
  },
  {
    code: 'ROWS_FILE_MISSING',
    evidence: (one) => ({
      ...one,
      prerequisites: [{ what: 'rows_file', path: '/orders.csv', state: 'missing', found: 'ENOENT' }],
    }),
  },
  { code: 'REVIEW_NEEDED', evidence: withCounts({ done: 1, needs_review: 1 }) },
];

/** Why a choice is refused; undefined when it may be taken. */
function checkChoice({ choice, answers, ...input }: ReturnType<typeof askFor>): Refusal | undefined {
  const proposal = buildProposal(input, choice, answers);
  return proposal.type === 'refused' ? proposal.refusal : undefined;
}

/** The code a choice is refused with when all of this is wrong; undefined when it may be taken. */
function refuse(wrongs: readonly Wrong[], choice: ActingChoice = 'resume'): ErrorCode | undefined {
  const evidence = wrongs.reduce((one, wrong) => wrong.evidence?.(one) ?? one, sampleEvidence());
  const authority = Object.assign({}, ...wrongs.map((wrong) => wrong.authority));
  return checkChoice(askFor(choice, evidence, { authority }))?.code;
}

describe('checkChoice, order', () => {
  it('tells the first of everything that is wrong', () => {
    for (const [index, { code }] of IN_ORDER.entries()) {
      expect(refuse(IN_ORDER.slice(index))).toBe(code);
      expect(refuse(IN_ORDER.slice(index, index + 1))).toBe(code);
    }
    expect(refuse([])).toBeUndefined();
  });

  it('looks at the audit chain before the end, and at the end before contradictions', () => {
    const broken = { entryCount: 1, actions: [], broken: BROKEN };
    const code = (evidence: Evidence) => checkChoice(askFor('resume', evidence))?.code;
    expect(code({ ...withStatus('cancelled'), audit: broken })).toBe('AUDIT_BROKEN');
    expect(code(withStatus('cancelled', { pending: 1 }))).toBe('JOB_CANCELLED');
    expect(code({ ...withStatus('completed', { pending: 1 }), lease: SAMPLE_HOLDER, liveness: LIVING })).toBe(
      'STATE_CONTRADICTION',
    );
  });
});

describe('checkChoice, what each choice may do', () => {
  it.each<readonly [string, Evidence, Readonly<Partial<Record<ActingChoice, ErrorCode | undefined>>>]>([
    [
      'a job that was interrupted',
      sampleEvidence(),
      { resume: undefined, restart: undefined, stop: 'RUNNER_MISSING', cancel: undefined },
    ],
    [
      'a living runner',
      sampleEvidence({ liveness: LIVING }),
      { resume: 'RUNNER_ALIVE', restart: 'RUNNER_ALIVE', stop: undefined, cancel: undefined },
    ],
    [
      'a stalled runner',
      sampleEvidence({ liveness: { ...LIVING, processState: 'T' } }),
      { resume: 'RUNNER_ALIVE', restart: 'RUNNER_ALIVE', stop: undefined, cancel: undefined },
    ],
    [
      'unknown liveness',
      sampleEvidence({ liveness: { ...LIVING, host: 'other', lock: 'missing' } }),
      { resume: 'LIVENESS_UNKNOWN', restart: 'LIVENESS_UNKNOWN', stop: 'LIVENESS_UNKNOWN', cancel: undefined },
    ],
    [
      'a contradiction',
      withStatus('completed', { pending: 1 }),
      { resume: 'STATE_CONTRADICTION', restart: 'STATE_CONTRADICTION', stop: 'RUNNER_MISSING', cancel: undefined },
    ],
    [
      'a finished job',
      withStatus('completed', { done: 2 }),
      { resume: 'JOB_FINISHED', restart: 'JOB_FINISHED', stop: 'JOB_FINISHED', cancel: 'JOB_FINISHED' },
    ],
    [
      'a finished job with open units',
      withStatus('completed', { done: 1, needs_review: 1 }),
      { resume: 'REVIEW_NEEDED', restart: undefined, stop: 'RUNNER_MISSING', cancel: undefined },
    ],
    [
      'a cancelled job',
      withStatus('cancelled'),
      { resume: 'JOB_CANCELLED', restart: 'JOB_CANCELLED', stop: 'JOB_CANCELLED', cancel: 'JOB_CANCELLED' },
    ],
    [
      'nothing left but review',
      withUnits({ done: 1, needs_review: 1 }),
      { resume: 'REVIEW_NEEDED', restart: undefined, stop: 'RUNNER_MISSING', cancel: undefined },
    ],
    [
      'everything done, the end not recorded',
      withUnits({ done: 2 }),
      { resume: undefined, restart: undefined, stop: 'RUNNER_MISSING', cancel: undefined },
    ],
  ])('%s', (_what, evidence, expected) => {
    for (const choice of ['resume', 'restart', 'stop', 'cancel'] as const) {
      expect({ [choice]: checkChoice(askFor(choice, evidence))?.code }).toEqual({ [choice]: expected[choice] });
    }
  });

  it.each([
    ['rows_file', 'changed', 'ROWS_FILE_CHANGED'],
    ['rows_file', 'missing', 'ROWS_FILE_MISSING'],
    ['rows_file', 'unreadable', 'ROWS_FILE_MISSING'],
    ['job_directory', 'missing', 'PREREQUISITE_MISSING'],
    ['command', 'missing', 'PREREQUISITE_MISSING'],
    ['command', 'unreadable', 'PREREQUISITE_MISSING'],
    ['job_directory', 'unreadable', 'PREREQUISITE_MISSING'],
  ] as const)('%s %s: resume and restart are refused, cancel is not', (what, state, code) => {
    const prerequisites = [
      { what: 'rows_file', path: '/fine.csv', state: 'unchanged' } as const,
      { what, path: '/srv/thing', state, expected: 'aa', found: 'bb' },
    ];
    const evidence = sampleEvidence({ prerequisites });
    const details = what === 'command' ? { command: '/srv/thing' } : { path: '/srv/thing' };
    expect(checkChoice(askFor('resume', evidence))).toMatchObject({ code, details });
    expect(checkChoice(askFor('restart', evidence))?.code).toBe(code);
    expect(checkChoice(askFor('cancel', evidence))).toBeUndefined();
    expect(checkChoice(askFor('resume', evidence))?.message).toContain('/srv/thing');
  });

  const alive = (change: Partial<LivenessFacts> = {}, lease: Partial<LeaseHolder> = {}) =>
    sampleEvidence({ lease: { ...SAMPLE_HOLDER, ...lease }, liveness: { ...LIVING, ...change } });

  it.each<readonly [string, Evidence, readonly [ErrorCode, string]]>([
    [
      'on another host',
      alive({ host: 'other', process: 'unknown' }),
      ['RUNNER_OUT_OF_REACH', 'on the host shipping-1'],
    ],
    ['in another container', alive({ process: 'unknown' }), ['RUNNER_OUT_OF_REACH', 'in another container']],
    [
      'of another user',
      alive({ canSignal: false, uid: 1000 }),
      ['RUNNER_OUT_OF_REACH', 'as another user (uid 1000) of shipping-1'],
    ],
    [
      'where it cannot be told whether it lives',
      alive({ host: 'other', lock: 'missing' }, { host: 'far' }),
      ['LIVENESS_UNKNOWN', 'on far'],
    ],
    [
      'whose audit chain is broken',
      { ...alive(), audit: { ...alive().audit, broken: BROKEN } },
      ['AUDIT_BROKEN', 'entry 3'],
    ],
    [
      'whose store went back in time',
      { ...alive(), regression: { what: 'epoch', recorded: '9', found: '7' } },
      ['STORE_REGRESSED', 'recorded 9'],
    ],
  ])('stop is refused of a runner %s, with the place to go to', (_what, evidence, [code, text]) => {
    const refusal = checkChoice(askFor('stop', evidence));
    expect(refusal?.code).toBe(code);
    expect(refusal?.message).toContain(text);
  });

  it('resume and restart of a job that runs elsewhere are refused with the host to stop it on', () => {
    const evidence = alive({ host: 'other', process: 'unknown' });
    for (const choice of ['resume', 'restart'] as const) {
      expect(checkChoice(askFor(choice, evidence))).toMatchObject({
        code: 'RUNNER_ALIVE',
        message: expect.stringContaining('on the host shipping-1, and can be asked to stop there alone'),
      });
    }
    expect(checkChoice(askFor('resume', alive()))?.message).not.toContain('there alone');
  });

  it('stop asks the runner and does nothing else, and is never recommended', () => {
    const evidence = alive();
    const { steps, basis, consentForm } = planFor(evidence, 'stop');
    expect({ steps, basis, consentForm }).toEqual({
      steps: [{ by: 'actuator', action: 'stop_runner', pid: SAMPLE_HOLDER.pid, host: SAMPLE_HOLDER.host }],
      basis: 'holder',
      consentForm: 'confirm',
    });
    expect(diagnose(evidence).recommended).toBeUndefined();
  });

  it('the plan of a stop stays the same while rows go on, and warns once it stalls', () => {
    const { units, ...rest } = alive();
    if (!units) throw new Error('no units');
    const later = { ...rest, units: { ...units, journalSequence: 99, counts: { ...units.counts, done: 61 } } };
    expect(planFor(later, 'stop').digest).toBe(planFor(alive(), 'stop').digest);
    expect(planFor(alive({ processState: 'T' }), 'stop').warnings).toEqual([{ code: 'RUNNER_STALLED' }]);
    expect(planFor(alive({}, { runToken: 'other' }), 'stop').digest).not.toBe(planFor(alive(), 'stop').digest);
  });

  it('asks the policy for the very choice', () => {
    const file = {
      schema_version: 1 as const,
      team_mode: true,
      bindings: [{ principal: 'local:ops', roles: ['careful'] }],
      roles: { careful: { allow: ['recover:*'], deny: ['recover:restart'] } },
    };
    const authority = { policy: { type: 'file', path: '/p', file } as const };
    const code = (choice: ActingChoice) => checkChoice(askFor(choice, sampleEvidence(), { authority }))?.code;
    expect([code('resume'), code('restart'), code('cancel')]).toEqual([undefined, 'ACCESS_DENIED', undefined]);
  });
});

describe('checkChoice, what a refusal says', () => {
  it('names choice, job, principal, action and reason when access is denied', () => {
    const refusal = checkChoice(askFor('resume', sampleEvidence(), { authority: { policy: DENYING } }));
    expect(refusal).toEqual({
      choice: 'resume',
      code: 'ACCESS_DENIED',
      message: 'unauthorized: principal=local:ops action=recover:resume reason_code=deny_unbound_principal',
      details: {
        job: 'job-california',
        principal: 'local:ops',
        action: 'recover:resume',
        reason_code: 'deny_unbound_principal',
      },
    });
  });

  it('names the file of an invalid policy and what is wrong with it', () => {
    const policy = { type: 'invalid', path: '/policy.json', problem: 'not JSON' } as const;
    expect(checkChoice(askFor('cancel', sampleEvidence(), { authority: { policy } }))).toEqual({
      choice: 'cancel',
      code: 'POLICY_INVALID',
      message: 'not JSON',
      details: { job: 'job-california', path: '/policy.json' },
    });
  });

  it('names the holder of a job that is alive', () => {
    const refusal = checkChoice(askFor('resume', sampleEvidence({ liveness: LIVING })));
    expect(refusal?.message).toBe(
      'local:ops (process 4711 on shipping-1, since 2026-03-01T10:00:00.000Z, epoch 1) holds the job',
    );
    expect(refusal?.details).toEqual({ job: 'job-california', holder: pickHolder(SAMPLE_HOLDER) });
    expect(describeHolder(SAMPLE_HOLDER)).toContain('process 4711');
  });

  it('keeps the run token of the holder to itself', () => {
    const refusal = checkChoice(askFor('resume', sampleEvidence({ liveness: LIVING })));
    expect(JSON.stringify(refusal)).not.toContain(SAMPLE_HOLDER.runToken);
  });
});
