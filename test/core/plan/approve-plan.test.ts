import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { approvePlan } from '../../../src/core/plan/approve-plan.ts';
import type { Consent, Plan } from '../../../src/core/plan/schema.ts';
import { planFor, SAMPLE_ORPHANS } from '../../helpers/evidence-builders.ts';
import { SAMPLE_MS, sampleEvidence, sampleRestartPlan, sampleResumePlan } from '../../helpers/sample-evidence.ts';

const RESUME = sampleResumePlan();
const RESTART = sampleRestartPlan();
const OPEN = planFor(sampleEvidence({ orphans: SAMPLE_ORPHANS }), 'resume');

function consentTo(plan: Plan, change: Partial<Consent> = {}): Consent {
  return { planDigest: plan.digest, principal: 'local:ops', atMs: SAMPLE_MS, form: 'key', ...change };
}

function codeOf(plan: Plan, consent: Consent): string | undefined {
  try {
    approvePlan(plan, consent, sampleEvidence());
    return undefined;
  } catch (error) {
    return error instanceof RecoveryError ? error.code : 'not a RecoveryError';
  }
}

describe('approvePlan', () => {
  it('binds plan, consent and evidence together', () => {
    const evidence = sampleEvidence();
    const consent = consentTo(RESUME);
    const approved = approvePlan(RESUME, consent, evidence);
    expect(approved.plan).toBe(RESUME);
    expect(approved.consent).toBe(consent);
    expect(approved.evidence).toBe(evidence);
  });

  it.each<readonly [string, Plan, Consent, string | undefined]>([
    ['a key press for a resume', RESUME, consentTo(RESUME), undefined],
    ['a flag for a resume', RESUME, consentTo(RESUME, { form: 'flag' }), undefined],
    ['a key press for a restart', RESTART, consentTo(RESTART), 'CONFIRMATION_NEEDED'],
    ['a flag for a restart', RESTART, consentTo(RESTART, { form: 'flag' }), undefined],
    [
      'the name typed for a restart',
      RESTART,
      consentTo(RESTART, { form: 'typed', typedName: 'California Orders' }),
      undefined,
    ],
    [
      'another name typed',
      RESTART,
      consentTo(RESTART, { form: 'typed', typedName: 'california orders' }),
      'CONSENT_MISMATCH',
    ],
    ['no name typed', RESTART, consentTo(RESTART, { form: 'typed' }), 'CONSENT_MISMATCH'],
    ['consent to another plan', RESUME, consentTo(RESTART, { form: 'flag' }), 'CONSENT_MISMATCH'],
    ['a flag while a question is open', OPEN, consentTo(OPEN, { form: 'flag' }), 'ORPHAN_RUNNING'],
    ['another plan while a question is open', OPEN, consentTo(RESTART), 'CONSENT_MISMATCH'],
  ])('%s', (...[, plan, consent, code]) => {
    expect(codeOf(plan, consent)).toBe(code);
  });

  it('names every process that a question is about', () => {
    expect(() => approvePlan(OPEN, consentTo(OPEN), sampleEvidence())).toThrow(
      expect.objectContaining({
        message: 'processes of the dead runner still work: 4800 (./ship.sh), 4801 (./ship.sh)',
        details: {
          orphans: [
            { pid: 4800, pid_start_ticks: 1, command: './ship.sh', unit_number: 48 },
            { pid: 4801, pid_start_ticks: 2, command: './ship.sh', unit_number: null },
          ],
        },
      }),
    );
  });
});
