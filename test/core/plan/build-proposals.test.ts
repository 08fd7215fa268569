import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/core/evidence/schema.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { buildProposals } from '../../../src/core/families/propose.ts';
import { ANYBODY, planFor, SAMPLE_ORPHANS, withStatus, withUnits } from '../../helpers/evidence-builders.ts';
import { SAMPLE_UNITS, sampleEvidence } from '../../helpers/sample-evidence.ts';

const DOUBT = withUnits({ done: 40, pending: 5, in_doubt: 3, needs_review: 2 });
const ORPHANED = sampleEvidence({ orphans: SAMPLE_ORPHANS });

describe('buildProposals', () => {
  it('offers review with the number of units that wait, else says there is none', () => {
    const input = (evidence: Evidence) => ({ evidence, diagnosis: diagnose(evidence), authority: ANYBODY });
    expect(buildProposals(input(DOUBT)).review).toEqual({ type: 'review', unitCount: 5 });
    expect(buildProposals(input(sampleEvidence())).review).toEqual({
      type: 'refused',
      refusal: {
        choice: 'review',
        code: 'REVIEW_EMPTY',
        message: 'no row waits for review',
        details: { job: 'job-california' },
      },
    });
  });

  it('refuses every acting choice of a finished job with its reason', () => {
    const evidence = withStatus('completed', { done: 2 });
    const proposals = buildProposals({ evidence, diagnosis: diagnose(evidence), authority: ANYBODY });
    expect([proposals.resume, proposals.restart, proposals.cancel].map((proposal) => proposal?.type)).toEqual(
      Array(3).fill('refused'),
    );
  });
});

describe('plan digest', () => {
  it('is the same for the same evidence at any time, to the letter', () => {
    const looks = [sampleEvidence(), sampleEvidence({ collectedAtMs: 1 }), structuredClone(sampleEvidence())];
    const digests = looks.map((evidence) => planFor(evidence, 'resume').digest);
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatchInlineSnapshot(`"26fdeccfdd7b72e1d1cdc9814c03a45e67a971679e2293d4ec03a8c24d8e0a77"`);
  });

  it('differs by choice, by decision and by any evidence that counts', () => {
    const digests = [
      planFor(ORPHANED, 'resume'),
      planFor(ORPHANED, 'restart'),
      planFor(ORPHANED, 'cancel'),
      planFor(ORPHANED, 'resume', { orphans: 'end' }),
      planFor(ORPHANED, 'resume', { orphans: 'wait' }),
      planFor({ ...ORPHANED, orphans: SAMPLE_ORPHANS.slice(1) }, 'resume'),
      planFor({ ...ORPHANED, units: { ...SAMPLE_UNITS, journalSequence: 191 } }, 'resume'),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('belongs to a plan that cannot be changed', () => {
    expect(Object.isFrozen(planFor(sampleEvidence(), 'resume'))).toBe(true);
  });
});
