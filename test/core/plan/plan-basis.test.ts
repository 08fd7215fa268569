import { describe, expect, it } from 'vitest';
import type { Evidence, UnitFacts, UnitsEvidence } from '../../../src/core/evidence/schema.ts';
import type { UnitCounts } from '../../../src/core/job/schema.ts';
import { readChanges } from '../../../src/core/plan/fact-change.ts';
import { checkBasis, digestBasis, listChanges } from '../../../src/core/plan/plan-basis.ts';
import { changeFact, listPaths } from '../../helpers/change-facts.ts';
import { LIVING, NO_UNITS, planFor, SAMPLE_ORPHANS, withUnits } from '../../helpers/evidence-builders.ts';
import { SAMPLE_HOLDER, SAMPLE_UNITS, sampleDoubt, sampleEvidence } from '../../helpers/sample-evidence.ts';

const LIVES = sampleEvidence({
  liveness: LIVING,
  orphans: SAMPLE_ORPHANS,
  units: { ...SAMPLE_UNITS, attention: [sampleDoubt(48)] },
});

/** Facts that say which job it is, how it is recorded and who holds it. */
const HOLDER_FACTS = [
  'job.id',
  'job.source',
  'recorded.status',
  'recorded.epoch',
  'lease.host',
  'lease.bootId',
  'lease.pidNamespace',
  'lease.pid',
  'lease.pidStartTicks',
  'lease.runToken',
  // Another word for the lock is no lock that is held.
  'liveness.lock',
];

describe('digestBasis', () => {
  it.each(['holder'] as const)('%s: it rests on the job, its status and its holder alone', (choice) => {
    for (const path of listPaths(LIVES)) {
      const isSame = digestBasis(choice, changeFact(LIVES, path) as Evidence) === digestBasis(choice, LIVES);
      expect(isSame, path.join('.')).toBe(!HOLDER_FACTS.includes(path.join('.')));
    }
  });

  it.each(['everything'] as const)('%s: it rests on every unit as well', (choice) => {
    const later = { ...LIVES, units: { ...SAMPLE_UNITS, journalSequence: SAMPLE_UNITS.journalSequence + 1 } };
    expect(digestBasis(choice, later)).not.toBe(digestBasis(choice, LIVES));
  });

  it('cancel tells a holder that let go, or died, from one that lives', () => {
    const released = { ...LIVES, lease: { ...SAMPLE_HOLDER, releasedAtMs: 1 } };
    const dead = { ...LIVES, liveness: { ...LIVING, lock: 'free', process: 'gone' } as const };
    const stalled = { ...LIVES, liveness: { ...LIVING, processState: 'T' } };
    expect(new Set([LIVES, released, dead].map((one) => digestBasis('holder', one))).size).toBe(3);
    expect(digestBasis('holder', stalled)).toBe(digestBasis('holder', LIVES));
  });
});

describe('the plan of a cancel', () => {
  it('is the same plan while the rows of a living job go on, and says that its count goes down', () => {
    const later = { ...LIVES, units: { ...SAMPLE_UNITS, counts: { ...SAMPLE_UNITS.counts, pending: 100, done: 99 } } };
    const [before, after] = [planFor(LIVES, 'cancel'), planFor(later, 'cancel')];
    expect(after.digest).toBe(before.digest);
    expect(before.warnings[0]).toEqual({ code: 'UNITS_ABANDONED', count: 153, unit: 'row', isAtMost: true });
    expect(after.warnings[0]?.count).toBe(101);
  });
});

/** The sample job with these units; `open` are the ones evidence names. */
function unitsOf(counts: Partial<UnitCounts>, open: readonly UnitFacts[], change: Partial<UnitsEvidence> = {}) {
  const { lastFailing: _failing, ...sample } = withUnits({ ...NO_UNITS, ...counts }).units ?? SAMPLE_UNITS;
  return sampleEvidence({ units: { ...sample, attention: open, ...change } });
}

const DOUBT = unitsOf({ done: 47, in_doubt: 1, pending: 152 }, [sampleDoubt(48)]);

describe('listChanges', () => {
  it.each<readonly [string, Evidence, Evidence, readonly string[]]>([
    ['a row settled as done', DOUBT, unitsOf({ done: 48, pending: 152 }, []), ['unit 48 in_doubt done']],
    ['a row to run again', DOUBT, unitsOf({ done: 47, pending: 153 }, []), ['unit 48 in_doubt pending']],
    [
      'a row under review',
      DOUBT,
      unitsOf({ done: 47, needs_review: 1, pending: 152 }, [{ ...sampleDoubt(48), status: 'needs_review' }]),
      ['unit 48 in_doubt needs_review'],
    ],
    [
      'two rows of which nobody knows which became which',
      unitsOf({ done: 40, in_doubt: 2 }, [sampleDoubt(1), sampleDoubt(2)]),
      unitsOf({ done: 41, skipped: 1 }, []),
      ['unit 1 in_doubt null', 'unit 2 in_doubt null', 'count done 40 41', 'count skipped 0 1'],
    ],
    [
      'rows that went on',
      DOUBT,
      unitsOf({ done: 50, in_doubt: 1, pending: 149 }, [sampleDoubt(48)]),
      ['count pending 152 149', 'count done 47 50'],
    ],
    [
      'an event that left every count as it was',
      DOUBT,
      unitsOf({ done: 47, in_doubt: 1, pending: 152 }, [sampleDoubt(48)], { journalSequence: 500 }),
      [`journal ${SAMPLE_UNITS.journalSequence} 500`],
    ],
    [
      'a process that ended',
      sampleEvidence({ orphans: SAMPLE_ORPHANS }),
      sampleEvidence({ orphans: SAMPLE_ORPHANS.slice(0, 1) }),
      ['orphan 4801 ./ship.sh null'],
    ],
    [
      'a file that changed',
      sampleEvidence(),
      sampleEvidence({ prerequisites: [{ what: 'rows_file', path: '/srv/jobs/orders.csv', state: 'changed' }] }),
      ['prerequisite /srv/jobs/orders.csv unchanged changed'],
    ],
  ])('resume: %s', (...[, seen, now, expected]) => {
    const told = listChanges({ basis: 'everything' }, seen, now).map(({ fact, subject, was, is }) =>
      [fact, subject, String(was), String(is)].filter((part) => part !== undefined).join(' '),
    );
    expect(told).toEqual(expected);
  });

  it('says that something changed when no fact it knows did', () => {
    const moved = { ...DOUBT, job: { ...DOUBT.job, directory: '/elsewhere' } };
    expect(listChanges({ basis: 'everything' }, DOUBT, moved)).toEqual([{ fact: 'other', was: null, is: null }]);
    expect(listChanges({ basis: 'everything' }, DOUBT, DOUBT)).toEqual([]);
  });

  it('names who took the job over', () => {
    const lease = { ...SAMPLE_HOLDER, epoch: 2, pid: 411 };
    const now = { ...LIVES, recorded: { ...LIVES.recorded, epoch: 2 }, lease };
    expect(listChanges({ basis: 'holder' }, LIVES, now)).toEqual([
      { fact: 'epoch', was: 1, is: 2, holder: { pid: 411, host: 'shipping-1' } },
    ]);
  });
});

describe('checkBasis', () => {
  it('passes what is still so, and else carries the changes as data that can be read again', () => {
    const plan = planFor(DOUBT, 'resume');
    checkBasis(plan, { seen: DOUBT, now: { ...DOUBT, collectedAtMs: 0 } });
    const now = unitsOf({ done: 48, pending: 152 }, []);
    const stale = () => checkBasis(plan, { seen: DOUBT, now });
    const changes = [{ fact: 'unit', subject: 48, unit: 'row', was: 'in_doubt', is: 'done' }];
    expect(stale).toThrow(expect.objectContaining({ code: 'EVIDENCE_STALE', details: { job: plan.jobId, changes } }));
    expect(readChanges(JSON.parse(JSON.stringify({ changes })))).toEqual(changes);
    expect(readChanges({ changes: [{ fact: 'else', was: 1, is: 2 }] })).toEqual([]);
    expect(readChanges({})).toEqual([]);
  });
});
