import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestEvidence } from '../../../src/core/evidence/digest-evidence.ts';
import type { Evidence } from '../../../src/core/evidence/schema.ts';
import { changeFact, listPaths } from '../../helpers/change-facts.ts';
import { SAMPLE_ORPHANS } from '../../helpers/evidence-builders.ts';
import { SAMPLE_MS, SAMPLE_UNITS, sampleDoubt, sampleEvidence } from '../../helpers/sample-evidence.ts';

const EVIDENCE = sampleEvidence({
  orphans: SAMPLE_ORPHANS,
  units: { ...SAMPLE_UNITS, attention: [sampleDoubt(48)] },
});

/** What is left out: the time of looking, what only time changes, and the audit chain but for its damage. */
const LEFT_OUT = ['collectedAtMs', 'liveness.heartbeatAgeMs', 'audit.entryCount', 'audit.actions.0', 'audit.actions.1'];
const PATHS = listPaths(EVIDENCE);

describe('digestEvidence', () => {
  it('changes with every fact but those of the moment', () => {
    const same = PATHS.filter(
      (path) => digestEvidence(changeFact(EVIDENCE, path) as Evidence) === digestEvidence(EVIDENCE),
    );
    expect(same.map((path) => path.join('.')).sort()).toEqual(LEFT_OUT.toSorted());
    expect(PATHS.length).toBeGreaterThan(60);
  });

  it('is the same at any time', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer(), (laterMs, ageMs) => {
        const liveness = { ...EVIDENCE.liveness, heartbeatAgeMs: ageMs } as Evidence['liveness'] & object;
        const later = { ...EVIDENCE, collectedAtMs: SAMPLE_MS + laterMs, liveness };
        expect(digestEvidence(later)).toBe(digestEvidence(EVIDENCE));
      }),
    );
  });

  it('changes when the audit chain is damaged, and with the damage', () => {
    const broken = (sequence: number) =>
      digestEvidence({ ...EVIDENCE, audit: { ...EVIDENCE.audit, broken: { sequence, expected: 'a', found: 'b' } } });
    expect(new Set([digestEvidence(EVIDENCE), broken(1), broken(2)]).size).toBe(3);
  });

  it('changes when a fact disappears', () => {
    for (const key of ['lease', 'liveness', 'units'] as const) {
      const { [key]: _gone, ...rest } = EVIDENCE;
      expect(digestEvidence(rest as Evidence)).not.toBe(digestEvidence(EVIDENCE));
    }
  });
});
