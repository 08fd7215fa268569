import { expect, it } from 'vitest';
import { translateEvidence } from '../../src/cli/translate-evidence.ts';
import { SAMPLE_UNITS, sampleDoubt, sampleEvidence } from '../helpers/sample-evidence.ts';

it('translateEvidence: every instant is ISO-8601, and what is absent is null', () => {
  const evidence = sampleEvidence({ units: { ...SAMPLE_UNITS, attention: [sampleDoubt(48)] } });
  const seen = translateEvidence(evidence);
  expect(JSON.stringify(seen)).not.toMatch(/_at_ms"|"[a-z_]*_at":[0-9]/);
  expect(seen).toMatchObject({
    recorded: { started_at: '2026-03-01T10:00:00.000Z', ended_at: null },
    lease: { acquired_at: '2026-03-01T10:00:00.000Z', released_at: null },
    units: { attention: [{ number: 48, receipt: null, finished_at: null, error: null }] },
    audit: { broken: null },
    checkpoints: null,
    files: null,
    own: null,
    collected_at: '2026-03-01T10:02:30.000Z',
  });
  const { lease: _lease, liveness: _liveness, units: _units, ...bare } = evidence;
  expect(translateEvidence(bare)).toMatchObject({ lease: null, liveness: null, units: null });
});
