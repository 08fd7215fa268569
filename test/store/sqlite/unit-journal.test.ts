import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UnitStatus } from '../../../src/core/job/schema.ts';
import { changeStore } from '../../../src/store/sqlite/database.ts';
import { makeUnitJournal, resetUnits, retryFailedUnits } from '../../../src/store/sqlite/unit-journal.ts';
import { countUnitsByStatus } from '../../../src/store/sqlite/units.ts';
import type { UnitEvent } from '../../../src/store/unit-events.ts';
import { makeTempState, SEED_MS } from '../../helpers/temp-state.ts';

const ERROR = { code: 'E-3001', message: 'UPS API timeout' };
const ALL: readonly UnitStatus[] = ['pending', 'in_doubt', 'done', 'failed', 'skipped', 'needs_review'];
const UNIT_COUNT = 4;

/** The states each event may come in, and the state it leads to. Source: the header of the journal. */
const MODEL: Readonly<Record<string, { readonly from: readonly UnitStatus[]; readonly to?: UnitStatus }>> = {
  intent: { from: ['pending'], to: 'in_doubt' },
  receipt: { from: ['in_doubt'] },
  done: { from: ['in_doubt'], to: 'done' },
  failed: { from: ['in_doubt'], to: 'failed' },
  retry: { from: ['in_doubt'], to: 'pending' },
  unknown: { from: ['in_doubt'], to: 'needs_review' },
  not_done: { from: ['in_doubt'], to: 'pending' },
  'settled done': { from: ['in_doubt', 'needs_review', 'failed'], to: 'done' },
  'settled pending': { from: ['in_doubt', 'needs_review', 'failed'], to: 'pending' },
  'settled skipped': { from: ['in_doubt', 'needs_review', 'failed'], to: 'skipped' },
};

const number = fc.integer({ min: 1, max: UNIT_COUNT });
const receipt = fc.constantFrom({}, { receipt: '1Z' });
const atMs = SEED_MS;
const event: fc.Arbitrary<UnitEvent> = fc.oneof(
  fc.record({
    type: fc.constant('intent' as const),
    number,
    attempt: fc.integer({ min: 1, max: 3 }),
    atMs: fc.constant(atMs),
  }),
  number.map((one) => ({ type: 'receipt' as const, number: one, receipt: '1Z', atMs })),
  fc.tuple(number, receipt).map(([one, extra]) => ({ type: 'done' as const, number: one, ...extra, atMs })),
  fc
    .tuple(fc.constantFrom('failed' as const, 'retry' as const, 'unknown' as const), number)
    .map(([type, one]) => ({ type, number: one, error: ERROR, atMs })),
  number.map((one) => ({ type: 'not_done' as const, number: one, atMs })),
  fc
    .tuple(fc.constantFrom('done' as const, 'pending' as const, 'skipped' as const), number, receipt)
    .map(([as, one, extra]) => ({ type: 'settled' as const, as, number: one, ...extra, reason: 'seen', atMs })),
);

const readUnitRows = (database: DatabaseSync) => database.prepare('SELECT * FROM units ORDER BY job_seq, number').all();
const readEvents = (database: DatabaseSync) =>
  database.prepare('SELECT * FROM unit_events ORDER BY job_seq, sequence').all();

/** Applies one event to the states of the model; undefined when it may not come. */
function predict(states: readonly UnitStatus[], one: UnitEvent): readonly UnitStatus[] | undefined {
  const { from, to } = MODEL[one.type === 'settled' ? `settled ${one.as}` : one.type] ?? { from: [] };
  const index = one.number - 1;
  const state = states[index];
  return state !== undefined && from.includes(state) ? states.with(index, to ?? state) : undefined;
}

describe('makeUnitJournal', () => {
  it('moves units as its header says: counts equal a simple model, and what may not come changes nothing', async () => {
    await using state = await makeTempState();
    const { database } = state;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        const job = state.addJob({ units: Array(UNIT_COUNT).fill('pending') });
        const journal = makeUnitJournal(database, job.seq, 1);
        let model: readonly UnitStatus[] = Array(UNIT_COUNT).fill('pending');
        let accepted = 0;
        for (const one of events) {
          const next = predict(model, one);
          const append = () =>
            changeStore(database, () => {
              journal.begin();
              journal.append(one);
            });
          if (next) append();
          else expect(append).toThrow(expect.objectContaining({ code: 'UNIT_CHANGED' }));
          accepted += next ? 1 : 0;
          model = next ?? model;
        }
        expect(countUnitsByStatus(database, job.seq)).toEqual(
          Object.fromEntries(ALL.map((status) => [status, model.filter((one) => one === status).length])),
        );
        const sequences = database
          .prepare('SELECT sequence FROM unit_events WHERE job_seq = ? ORDER BY sequence')
          .all(job.seq)
          .map((row) => row.sequence);
        expect(sequences).toEqual(Array.from({ length: accepted }, (_, index) => index + 1));
      }),
      { numRuns: 60 },
    );
  });

  it('rolls back the whole transaction of an event that may not come', async () => {
    await using state = await makeTempState();
    const { database } = state;
    const job = state.addJob({ units: ['pending', 'done'] });
    const before = { units: readUnitRows(database), events: readEvents(database) };
    const journal = makeUnitJournal(database, job.seq, 1);
    const change = () =>
      changeStore(database, () => {
        journal.begin();
        journal.append({ type: 'intent', number: 1, attempt: 1, atMs });
        journal.append({ type: 'intent', number: 2, attempt: 2, atMs });
      });
    expect(change).toThrow('it is not in a state for "intent"');
    expect({ units: readUnitRows(database), events: readEvents(database) }).toEqual(before);
  });

  it('keeps the receipt of an attempt until the next one, and the error until it is done', async () => {
    await using state = await makeTempState();
    const { database } = state;
    const job = state.addJob({ units: ['pending'] });
    const journal = makeUnitJournal(database, job.seq, 1);
    const append = (one: UnitEvent) => {
      changeStore(database, () => {
        journal.begin();
        journal.append(one);
      });
      const { receipt: kept, error_code: code, result, attempts } = readUnitRows(database)[0] ?? {};
      return [kept, code, result, attempts];
    };
    expect(append({ type: 'intent', number: 1, attempt: 1, atMs })).toEqual([null, null, null, 1]);
    expect(append({ type: 'receipt', number: 1, receipt: '1Z', atMs })).toEqual(['1Z', null, null, 1]);
    expect(append({ type: 'retry', number: 1, error: ERROR, atMs })).toEqual(['1Z', 'E-3001', null, 1]);
    expect(append({ type: 'intent', number: 1, attempt: 2, atMs })).toEqual([null, 'E-3001', null, 2]);
    expect(append({ type: 'receipt', number: 1, receipt: '2Z', atMs })).toEqual(['2Z', 'E-3001', null, 2]);
    expect(append({ type: 'done', number: 1, resultJson: '{}', atMs })).toEqual(['2Z', null, '{}', 2]);
  });

  it('goes on after what others appended', async () => {
    await using state = await makeTempState();
    const { database } = state;
    const job = state.addJob({ units: ['pending', 'pending'] });
    const [mine, theirs] = [makeUnitJournal(database, job.seq, 1), makeUnitJournal(database, job.seq, 2)];
    for (const [index, journal] of [mine, theirs].entries()) {
      changeStore(database, () => {
        journal.begin();
        journal.append({ type: 'intent', number: index + 1, attempt: 1, atMs });
      });
    }
    expect(readEvents(database)).toMatchObject([
      { sequence: 1, number: 1, epoch: 1 },
      { sequence: 2, number: 2, epoch: 2 },
    ]);
  });
});

describe('retryFailedUnits', () => {
  it('puts back failed units alone, with an event for each', async () => {
    await using state = await makeTempState();
    const { database } = state;
    const job = state.addJob({ units: ['failed', ...ALL, 'failed'] });
    const eventCount = readEvents(database).length;
    expect(retryFailedUnits(database, job.seq, { epoch: 2, atMs })).toBe(3);
    expect(countUnitsByStatus(database, job.seq)).toEqual({
      pending: 4,
      in_doubt: 1,
      done: 1,
      failed: 0,
      skipped: 1,
      needs_review: 1,
    });
    expect(readEvents(database).slice(eventCount)).toMatchObject(
      [1, 5, 8].map((one, index) => ({
        sequence: eventCount + index + 1,
        number: one,
        event: 'retry_failed',
        epoch: 2,
        code: 'failed',
      })),
    );
    expect(retryFailedUnits(database, job.seq, { epoch: 2, atMs })).toBe(0);
  });
});

describe('resetUnits', () => {
  it('puts every unit back to the start, and the journal keeps what they were', async () => {
    await using state = await makeTempState();
    const { database } = state;
    const job = state.addJob({ units: ALL });
    const other = state.addJob({ units: ['done'] });
    const eventCount = readEvents(database).length;
    expect(resetUnits(database, job.seq, { epoch: 2, atMs })).toBe(ALL.length);
    const rows = readUnitRows(database).filter((row) => row.job_seq === job.seq);
    for (const row of rows) {
      expect(row).toMatchObject({ status: 'pending', attempts: 0, receipt: null, result: null, error_code: null });
      expect(row).toMatchObject({ started_at_ms: null, finished_at_ms: null });
    }
    expect(countUnitsByStatus(database, other.seq).done).toBe(1);
    const resets = readEvents(database).filter((row) => row.event === 'reset');
    expect(resets.map(({ number: one, code, detail }) => [one, code, detail])).toEqual([
      [2, 'in_doubt', null],
      [3, 'done', '1Z3'],
      [4, 'failed', null],
      [5, 'skipped', null],
      [6, 'needs_review', null],
    ]);
    expect(readEvents(database)).toHaveLength(eventCount + 5);
  });
});
