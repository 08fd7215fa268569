import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAttention, isListed, needsOperator } from '../../../src/core/diagnosis/attention.ts';
import type { Evidence, LivenessFacts } from '../../../src/core/evidence/schema.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { buildProposals } from '../../../src/core/families/propose.ts';
import { judgeJob } from '../../../src/core/families/units/judge-job.ts';
import { ATTENTIONS, UNIT_STATUSES, type UnitCounts, VERDICTS } from '../../../src/core/job/schema.ts';
import { ANYBODY, NO_UNITS } from '../../helpers/evidence-builders.ts';
import { SAMPLE_HOLDER, SAMPLE_UNITS, sampleEvidence } from '../../helpers/sample-evidence.ts';

const COUNT = fc.constantFrom(0, 0, 1, 3);
const COUNTS = fc.record(
  Object.fromEntries(UNIT_STATUSES.map((status) => [status, COUNT])),
) as fc.Arbitrary<UnitCounts>;
const LIVENESS: fc.Arbitrary<LivenessFacts> = fc.record({
  host: fc.constantFrom('same', 'other'),
  boot: fc.constantFrom('same', 'other', 'unknown'),
  lock: fc.constantFrom('held', 'free', 'missing', 'unreadable'),
  process: fc.constantFrom('same', 'other', 'gone', 'unknown'),
  processState: fc.constantFrom('S', 'T'),
  heartbeatAgeMs: fc.constantFrom(-100_000, 0, 40_000, 100_000),
});
const STATE = fc.constantFrom('unchanged', 'unchanged', 'changed', 'missing', 'unreadable');

const EVIDENCE: fc.Arbitrary<Evidence> = fc
  .record({
    status: fc.constantFrom('pending', 'running', 'stopped', 'failed', 'completed', 'cancelled', 'constructor'),
    runCount: fc.constantFrom(0, 1, 2),
    holder: fc.constantFrom('none', 'held', 'released'),
    liveness: LIVENESS,
    counts: COUNTS,
    rows: STATE,
    directory: STATE,
    isBroken: fc.constantFrom(false, false, true),
  })
  .map(({ status, runCount, holder, liveness, counts, rows, directory, isBroken }) => {
    const { lease: _lease, liveness: _liveness, ...bare } = sampleEvidence();
    const released = holder === 'released' ? { releasedAtMs: SAMPLE_HOLDER.heartbeatAtMs } : {};
    return {
      ...bare,
      recorded: { ...bare.recorded, status, runCount },
      ...(holder !== 'none' && { lease: { ...SAMPLE_HOLDER, ...released }, liveness }),
      units: { ...SAMPLE_UNITS, counts },
      prerequisites: [
        { what: 'job_directory', path: '/srv/jobs', state: directory },
        { what: 'rows_file', path: '/srv/jobs/orders.csv', state: rows },
      ],
      audit: {
        entryCount: 1,
        actions: [],
        ...(isBroken && { broken: { sequence: 1, expected: 'a', found: 'b' } }),
      },
    };
  });

describe('judgeJob', () => {
  it('recommends only what no rule refuses, whatever the evidence', () => {
    fc.assert(
      fc.property(EVIDENCE, (evidence) => {
        const diagnosis = diagnose(evidence);
        const proposals = buildProposals({ evidence, diagnosis, authority: ANYBODY });
        const { recommended, attention, verdict } = diagnosis;
        if (recommended) expect(proposals[recommended]?.type).not.toBe('refused');
        // What a dead job can be resumed from is said; nothing is for one whose records are not to be trusted.
        const isDead = verdict === 'interrupted' || verdict === 'failed';
        if (isDead && proposals.resume?.type === 'plan') expect(recommended).toBe('resume');
        if (attention === 'inconsistent') expect([verdict, recommended]).toEqual(['inconsistent', undefined]);
        const refused = Object.values(proposals).filter(({ type }) => type === 'refused');
        if (refused.length === Object.keys(proposals).length) expect(recommended).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('recommends nothing that was not looked at', () => {
    const facts = { status: 'stopped', runCount: 1, contradictions: [], counts: { ...NO_UNITS, pending: 1 } } as const;
    expect(judgeJob({ ...facts, prerequisites: 'fit' }).recommended).toBe('resume');
    expect(judgeJob({ ...facts, prerequisites: 'unchecked' }).recommended).toBeUndefined();
    expect(judgeJob({ ...facts, prerequisites: 'unfit' }).recommended).toBeUndefined();
  });
});

describe('chooseAttention', () => {
  const word = (verdict: (typeof VERDICTS)[number], counts: Partial<UnitCounts> = {}, runCount = 1) =>
    chooseAttention({ verdict, runCount, counts: { ...NO_UNITS, ...counts } });

  it('has the verdict for a word when nothing is open, and tells a first run from a later one', () => {
    const words = VERDICTS.filter((verdict) => verdict !== 'alive').map((verdict) => [verdict, word(verdict)]);
    expect(words.every(([verdict, attention]) => verdict === attention)).toBe(true);
    expect([word('alive'), word('alive', {}, 2)]).toEqual(['running', 'recovering']);
  });

  it('is in doubt over units in doubt or under review, but for those a living runner has in hand', () => {
    const doubtful = (counts: Partial<UnitCounts>) =>
      VERDICTS.filter((verdict) => word(verdict, counts) === 'in doubt');
    const all = VERDICTS.filter((verdict) => verdict !== 'inconsistent');
    expect(doubtful({ needs_review: 1 })).toEqual(all);
    expect(doubtful({ in_doubt: 1 })).toEqual(all.filter((verdict) => verdict !== 'alive' && verdict !== 'stalled'));
  });

  it('lists all but what came to its end, and leaves to themselves those that run', () => {
    expect(ATTENTIONS.filter((attention) => !isListed(attention))).toEqual(['paused', 'finished', 'cancelled']);
    expect(ATTENTIONS.filter((attention) => isListed(attention) && !needsOperator(attention))).toEqual([
      'recovering',
      'running',
    ]);
  });
});
