import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/core/evidence/schema.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { VERDICTS } from '../../../src/core/job/schema.ts';
import { LIVING, SAMPLE_ORPHANS, withStatus, withUnits } from '../../helpers/evidence-builders.ts';
import { SAMPLE_HOLDER, sampleEvidence } from '../../helpers/sample-evidence.ts';

const BROKEN = { sequence: 3, expected: 'aa', found: 'bb' };

/** The parts of a diagnosis that fit on a line. */
function summarise(evidence: Evidence) {
  const { verdict, crashDetected, recommended, findings } = diagnose(evidence);
  return { verdict, crashDetected, recommended, findings: findings.map(({ type }) => type) };
}

/** Evidence in which nobody ever held the job. */
function withoutHolder(evidence: Evidence): Evidence {
  const { lease: _lease, liveness: _liveness, ...rest } = evidence;
  return rest;
}

const recordedAs = (status: string): Evidence => ({
  ...sampleEvidence(),
  recorded: { ...sampleEvidence().recorded, status },
});

describe('diagnose, verdict', () => {
  it.each<readonly [string, Evidence, ReturnType<typeof summarise>]>([
    [
      'a dead holder of a running job',
      sampleEvidence(),
      { verdict: 'interrupted', crashDetected: true, recommended: 'resume', findings: ['runner_dead', 'units_failed'] },
    ],
    [
      'running, and nobody ever held it',
      withoutHolder(sampleEvidence()),
      {
        verdict: 'interrupted',
        crashDetected: true,
        recommended: 'resume',
        findings: ['never_started', 'units_failed'],
      },
    ],
    [
      'recorded, and never begun',
      withoutHolder({ ...withUnits({ pending: 3 }), recorded: { status: 'pending', runCount: 0, epoch: 0 } }),
      { verdict: 'interrupted', crashDetected: false, recommended: 'resume', findings: [] },
    ],
    [
      'a living holder',
      sampleEvidence({ liveness: LIVING }),
      { verdict: 'alive', crashDetected: false, recommended: undefined, findings: ['runner_alive', 'units_failed'] },
    ],
    [
      'a living holder that is stopped',
      sampleEvidence({ liveness: { ...LIVING, processState: 'T' } }),
      {
        verdict: 'stalled',
        crashDetected: false,
        recommended: undefined,
        findings: ['runner_stalled', 'units_failed'],
      },
    ],
    [
      'a holder of which nothing can be told',
      sampleEvidence({ liveness: { ...LIVING, lock: 'unreadable', process: 'unknown' } }),
      {
        verdict: 'unknown',
        crashDetected: false,
        recommended: undefined,
        findings: ['liveness_unknown', 'units_failed'],
      },
    ],
    [
      'stopped on request',
      withStatus('stopped'),
      {
        verdict: 'interrupted',
        crashDetected: false,
        recommended: 'resume',
        findings: ['runner_stopped', 'units_failed'],
      },
    ],
    [
      'failed',
      withStatus('failed'),
      { verdict: 'failed', crashDetected: false, recommended: 'resume', findings: ['run_failed', 'units_failed'] },
    ],
    [
      'completed',
      withStatus('completed', { done: 200 }),
      { verdict: 'finished', crashDetected: false, recommended: undefined, findings: [] },
    ],
    [
      'completed with units to review',
      withStatus('completed', { done: 199, needs_review: 1 }),
      { verdict: 'finished', crashDetected: false, recommended: 'review', findings: ['units_need_review'] },
    ],
    [
      'completed with units to do',
      withStatus('completed', { done: 199, pending: 1 }),
      { verdict: 'inconsistent', crashDetected: false, recommended: undefined, findings: ['state_contradiction'] },
    ],
    [
      'cancelled',
      withStatus('cancelled', { pending: 3 }),
      { verdict: 'cancelled', crashDetected: false, recommended: undefined, findings: [] },
    ],
    [
      'cancelled, and the fenced runner still holds the lock',
      { ...recordedAs('cancelled'), liveness: LIVING },
      {
        verdict: 'cancelled',
        crashDetected: false,
        recommended: undefined,
        findings: ['fenced_runner_alive', 'units_failed'],
      },
    ],
    [
      'a broken audit chain',
      sampleEvidence({ audit: { entryCount: 3, actions: [], broken: BROKEN } }),
      {
        verdict: 'inconsistent',
        crashDetected: false,
        recommended: undefined,
        findings: ['runner_dead', 'units_failed', 'audit_broken'],
      },
    ],
  ])('%s', (_what, evidence, expected) => {
    expect(summarise(evidence)).toEqual(expected);
  });

  it('has a case above for every verdict', () => {
    const reached = [
      sampleEvidence({ liveness: LIVING }),
      sampleEvidence({ liveness: { ...LIVING, processState: 'T' } }),
      sampleEvidence(),
      withStatus('failed'),
      withStatus('completed', { done: 1 }),
      withStatus('cancelled'),
      withStatus('completed', { pending: 1 }),
      sampleEvidence({ liveness: { ...LIVING, host: 'other', lock: 'missing' } }),
    ].map((evidence) => diagnose(evidence).verdict);
    // Only a directory under control is paused: test/sources/tau.
    expect(reached).toEqual(VERDICTS.filter((verdict) => verdict !== 'paused'));
  });

  it('takes a status it does not know for an interruption, whatever its name', () => {
    for (const status of ['halted', '', 'constructor', '__proto__']) {
      expect(diagnose(recordedAs(status)).verdict).toBe('interrupted');
    }
  });

  it('trusts the record of an end more than a lock that somebody still holds', () => {
    expect(diagnose({ ...withStatus('stopped'), liveness: LIVING }).verdict).toBe('interrupted');
    expect(diagnose({ ...withStatus('failed'), liveness: LIVING }).verdict).toBe('failed');
  });
});

describe('diagnose, findings', () => {
  it('cites the evidence', () => {
    const { recorded } = sampleEvidence();
    const evidence: Evidence = {
      ...withUnits({ in_doubt: 3, needs_review: 2, failed: 1 }, { inDoubtWithReceipt: 1, canVerify: true }),
      orphans: SAMPLE_ORPHANS,
      prerequisites: [
        { what: 'rows_file', path: '/srv/orders.csv', state: 'changed', expected: 'aa', found: 'bb' },
        { what: 'job_directory', path: '/srv', state: 'unchanged' },
      ],
      recorded,
    };
    expect(diagnose(evidence).findings).toEqual([
      { type: 'runner_dead', severity: 'info', holder: SAMPLE_HOLDER, proof: 'lock_free' },
      { type: 'orphan_running', severity: 'warning', orphan: SAMPLE_ORPHANS[0] },
      { type: 'orphan_running', severity: 'warning', orphan: SAMPLE_ORPHANS[1] },
      { type: 'units_in_doubt', severity: 'info', count: 3, withReceipt: 1, canVerify: true },
      { type: 'units_need_review', severity: 'info', count: 2 },
      { type: 'units_failed', severity: 'info', count: 1 },
      { type: 'prerequisite_bad', severity: 'blocks', prerequisite: evidence.prerequisites[0] },
    ]);
  });

  it('names the error of a failed run only when there was one', () => {
    const failed = withStatus('failed', { done: 1 });
    expect(diagnose(failed).findings).toEqual([
      { type: 'run_failed', severity: 'info', error: failed.recorded.lastError },
    ]);
    const { lastError: _error, ...recorded } = failed.recorded;
    expect(diagnose({ ...failed, recorded }).findings).toEqual([{ type: 'run_failed', severity: 'info' }]);
  });

  it('says which contradiction there is', () => {
    const detail = 'recorded as completed with 2 units still to do';
    expect(diagnose(withStatus('completed', { pending: 2 })).findings).toEqual([
      { type: 'state_contradiction', severity: 'blocks', detail },
    ]);
  });
});

describe('diagnose, recommendation', () => {
  it.each([
    ['units are left', withUnits({ pending: 1 }), 'resume'],
    ['only doubt is left', withUnits({ done: 1, in_doubt: 1 }), 'resume'],
    ['only review is left', withUnits({ done: 1, needs_review: 1 }), 'review'],
    ['everything is done but the end was not recorded', withUnits({ done: 2 }), 'resume'],
    ['a prerequisite is bad', { ...withUnits({ pending: 1 }), prerequisites: [missingRows()] }, undefined],
  ] as const)('%s', (_what, evidence, expected) => {
    expect(diagnose(evidence).recommended).toBe(expected);
  });

  it('is to resume a job without units that was interrupted', () => {
    const { units: _units, ...evidence } = sampleEvidence();
    expect(diagnose(evidence).recommended).toBe('resume');
  });
});

function missingRows() {
  return { what: 'rows_file', path: '/srv/orders.csv', state: 'missing', found: 'ENOENT' } as const;
}
