import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/core/evidence/schema.ts';
import type { Plan } from '../../../src/core/plan/schema.ts';
import { describeWarning } from '../../../src/present/words.ts';
import { LIVING, planFor, SAMPLE_ORPHANS, withUnits } from '../../helpers/evidence-builders.ts';
import { SAMPLE_UNITS, sampleEvidence } from '../../helpers/sample-evidence.ts';

/** The steps of a plan, one a line, and what it warns of. */
function summarise({ steps, warnings, questions, wouldRepeat, consentForm }: Plan): readonly string[] {
  return [
    ...steps.map(({ action, by: _by, ...fields }) =>
      [action, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(' '),
    ),
    ...warnings.map(({ code, ...fields }) =>
      `! ${code} ${Object.entries(fields)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}`.trimEnd(),
    ),
    ...questions.map(
      ({ id, options, isOptional }) => `? ${id} ${options.map(({ value }) => value)}${isOptional ? ', optional' : ''}`,
    ),
    `repeats ${wouldRepeat}, ${consentForm}`,
  ];
}

const DOUBT = withUnits(
  { done: 40, pending: 5, in_doubt: 3, needs_review: 2 },
  { inDoubtWithReceipt: 1, doneWithReceipt: 40 },
);
const ORPHANED = sampleEvidence({ orphans: SAMPLE_ORPHANS });

describe('buildProposal, resume', () => {
  it('retries what failed and runs what is left', () => {
    expect(summarise(planFor(sampleEvidence(), 'resume'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "retry_failed_units count=1",
        "run_units count=153",
        "repeats 0, confirm",
      ]
    `);
  });

  it('settles what is in doubt first, and leaves alone what is under review', () => {
    expect(summarise(planFor(DOUBT, 'resume'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "settle_units byReceipt=1 byVerify=0 toReview=2",
        "run_units count=5",
        "! UNITS_NEED_REVIEW count=2 unit=row",
        "repeats 0, confirm",
      ]
    `);
  });

  it('asks the verify hook of what has no receipt', () => {
    const { units = SAMPLE_UNITS } = DOUBT;
    expect(summarise(planFor({ ...DOUBT, units: { ...units, canVerify: true } }, 'resume'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "settle_units byReceipt=1 byVerify=2 toReview=0",
        "run_units count=5 unlessDone=2",
        "! UNITS_NEED_REVIEW count=2 unit=row",
        "? verify again, optional",
        "repeats 0, confirm",
      ]
    `);
  });

  it('asks what to do with processes that outlived the runner', () => {
    expect(summarise(planFor(ORPHANED, 'resume'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "retry_failed_units count=1",
        "run_units count=153",
        "? orphans end,wait",
        "repeats 0, confirm",
      ]
    `);
  });

  it('ends or awaits them once that is decided', () => {
    expect(summarise(planFor(ORPHANED, 'resume', { orphans: 'end' }))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "end_orphans pids=4800,4801",
        "retry_failed_units count=1",
        "run_units count=153",
        "repeats 0, confirm",
      ]
    `);
    expect(planFor(ORPHANED, 'resume', { orphans: 'wait' }).steps[1]).toEqual({
      by: 'runner',
      action: 'await_orphans',
      pids: [4800, 4801],
    });
  });

  it('has nothing but the end to record when every unit is done', () => {
    expect(summarise(planFor(withUnits({ done: 2 }), 'resume'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "run_units count=0",
        "repeats 0, confirm",
      ]
    `);
  });

  it('takes a job without units whole', () => {
    const { units: _units, ...evidence } = sampleEvidence();
    expect(summarise(planFor(evidence, 'resume'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "repeats 0, confirm",
      ]
    `);
  });

  it('says when death is known from a heartbeat alone', () => {
    const liveness = {
      host: 'other',
      boot: 'other',
      lock: 'missing',
      process: 'unknown',
      heartbeatAgeMs: 1e6,
    } as const;
    expect(planFor(sampleEvidence({ liveness }), 'resume').warnings).toEqual([{ code: 'HEARTBEAT_ONLY' }]);
  });
});

describe('buildProposal, restart', () => {
  it('resets and runs everything, and says how many have receipts', () => {
    expect(summarise(planFor(sampleEvidence(), 'restart'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "reset_units count=48",
        "run_units count=200",
        "! WOULD_REPEAT count=47 unit=row label=tracking",
        "repeats 47, type_name",
      ]
    `);
  });

  it('speaks of receipts only when every done unit has one, and of doubt apart', () => {
    const { units = SAMPLE_UNITS } = DOUBT;
    expect(
      summarise(planFor({ ...DOUBT, units: { ...units, doneWithReceipt: 39 } }, 'restart')),
    ).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "reset_units count=45",
        "run_units count=50",
        "! WOULD_REPEAT count=41 unit=row",
        "! MAY_REPEAT count=4 unit=row",
        "repeats 41, type_name",
      ]
    `);
  });

  it('counts a row in doubt or under review that has a receipt among those that have one', () => {
    const counts = { done: 1, in_doubt: 2, needs_review: 1, pending: 1 };
    const receipts = { doneWithReceipt: 1, inDoubtWithReceipt: 1, inReviewWithReceipt: 1 };
    const { warnings, wouldRepeat } = planFor(withUnits(counts, receipts), 'restart');
    expect(warnings).toEqual([
      { code: 'WOULD_REPEAT', count: 3, unit: 'row', label: 'tracking' },
      { code: 'MAY_REPEAT', count: 1, unit: 'row' },
    ]);
    expect(wouldRepeat).toBe(3);
    const alone = withUnits({ in_doubt: 1 }, { doneWithReceipt: 0, inDoubtWithReceipt: 1, inReviewWithReceipt: 0 });
    expect(planFor(alone, 'restart').warnings).toMatchObject([{ code: 'WOULD_REPEAT', count: 1, label: 'tracking' }]);
  });

  it('resets nothing when nothing was begun', () => {
    expect(summarise(planFor(withUnits({ pending: 3 }, { doneWithReceipt: 0 }), 'restart'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "run_units count=3",
        "repeats 0, type_name",
      ]
    `);
  });
});

describe('buildProposal, cancel', () => {
  it('records the end and says what will not be done', () => {
    expect(summarise(planFor(sampleEvidence(), 'cancel'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "mark_cancelled",
        "! UNITS_ABANDONED count=153 unit=row",
        "repeats 0, confirm",
      ]
    `);
  });

  it('stops a living runner first', () => {
    expect(summarise(planFor(sampleEvidence({ liveness: LIVING }), 'cancel'))).toMatchInlineSnapshot(`
      [
        "stop_runner pid=4711 host=shipping-1",
        "take_lease epoch=2",
        "mark_cancelled",
        "! UNITS_ABANDONED count=153 unit=row isAtMost=true",
        "repeats 0, confirm",
      ]
    `);
  });

  it.each([
    [{ host: 'other', process: 'unknown' }, 'on the host shipping-1'],
    [{ boot: 'other', process: 'unknown' }, 'on the host shipping-1'],
    [{ process: 'unknown' }, 'in another container (pid namespace) of shipping-1'],
    [{ canSignal: false, uid: 1000 }, 'as another user (uid 1000) of shipping-1'],
  ] as const)('asks nobody who cannot be asked, and says where instead: %j', (seen, place) => {
    const counts = { pending: 3, in_doubt: 2, done: 5, failed: 1, skipped: 0, needs_review: 4 };
    const units = { ...SAMPLE_UNITS, counts };
    const near = planFor(sampleEvidence({ units, liveness: LIVING }), 'cancel');
    const { steps, warnings, digest } = planFor(sampleEvidence({ units, liveness: { ...LIVING, ...seen } }), 'cancel');
    expect(steps.map(({ action }) => action)).toEqual(['take_lease', 'mark_cancelled']);
    expect(warnings).toMatchObject([
      { code: 'RUNNER_OUT_OF_REACH', runner: { pid: 4711, host: 'shipping-1' } },
      // What it has in hand is taken from it unfinished.
      { code: 'UNITS_ABANDONED', count: 4, isAtMost: true },
      { code: 'OUTCOMES_UNKNOWN', count: 6 },
    ]);
    const [warning] = warnings;
    expect(warning && describeWarning(warning)).toContain(place);
    expect(digest).not.toBe(near.digest);
  });

  it('counts what may be done apart from what will not be, and what a living runner has in hand with that', () => {
    const counts = { pending: 3, in_doubt: 2, done: 5, failed: 1, skipped: 0, needs_review: 4 };
    const warnings = (liveness: Evidence['liveness']) =>
      planFor(sampleEvidence({ units: { ...SAMPLE_UNITS, counts }, ...(liveness && { liveness }) }), 'cancel').warnings;
    const unit = 'row';
    expect(warnings(undefined)).toEqual([
      { code: 'UNITS_ABANDONED', count: 4, unit },
      { code: 'OUTCOMES_UNKNOWN', count: 6, unit },
    ]);
    expect(warnings(LIVING)).toEqual([
      { code: 'UNITS_ABANDONED', count: 6, unit, isAtMost: true },
      { code: 'OUTCOMES_UNKNOWN', count: 4, unit },
    ]);
  });

  it('warns of processes it leaves, and asks nothing about them', () => {
    expect(summarise(planFor(ORPHANED, 'cancel'))).toMatchInlineSnapshot(`
      [
        "take_lease epoch=2",
        "mark_cancelled",
        "! UNITS_ABANDONED count=153 unit=row",
        "! ORPHANS_LEFT count=2",
        "repeats 0, confirm",
      ]
    `);
  });

  it('rests on the same evidence while the units of a living job go on', () => {
    const living = sampleEvidence({ liveness: LIVING });
    const counts = { ...SAMPLE_UNITS.counts, pending: 100, done: 99 };
    const later = { ...living, units: { ...SAMPLE_UNITS, counts, journalSequence: 300 } };
    expect(planFor(later, 'cancel').evidenceDigest).toBe(planFor(living, 'cancel').evidenceDigest);
    expect(planFor(sampleEvidence({ units: later.units }), 'resume').evidenceDigest).not.toBe(
      planFor(sampleEvidence(), 'resume').evidenceDigest,
    );
  });
});
