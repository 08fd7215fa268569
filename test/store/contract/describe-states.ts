import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRecoveryError } from '../../../src/core/errors.ts';
import type { UnitCounts, UnitStatus } from '../../../src/core/job/schema.ts';
import type { UnitEvent } from '../../../src/store/unit-events.ts';
import {
  AT_MS,
  addJob,
  done,
  ended,
  intent,
  lookAt,
  type MakeStorePlace,
  receipt,
  settled,
  statusesOf,
  take,
  takenBack,
  unanswered,
} from './store-place.ts';

const UNIT_COUNT = 3;

/** The states each event may come in, and the one it leads to. Source: the header of unit-events. */
const MODEL: Readonly<Record<string, { readonly from: readonly UnitStatus[]; readonly to?: UnitStatus }>> = {
  intent: { from: ['pending'], to: 'in_doubt' },
  receipt: { from: ['in_doubt'] },
  done: { from: ['in_doubt'], to: 'done' },
  failed: { from: ['in_doubt'], to: 'failed' },
  retry: { from: ['in_doubt'], to: 'pending' },
  unknown: { from: ['in_doubt'], to: 'needs_review' },
  unanswered: { from: ['in_doubt'] },
  not_done: { from: ['in_doubt'], to: 'pending' },
  taken_back: { from: ['pending', 'failed'], to: 'needs_review' },
  'settled done': { from: ['in_doubt', 'needs_review', 'failed'], to: 'done' },
  'settled pending': { from: ['in_doubt', 'needs_review', 'failed'], to: 'pending' },
  'settled skipped': { from: ['in_doubt', 'needs_review', 'failed'], to: 'skipped' },
};

const anyNumber = fc.integer({ min: 1, max: UNIT_COUNT });
const anyEvent: fc.Arbitrary<UnitEvent> = fc.oneof(
  fc.tuple(anyNumber, fc.integer({ min: 1, max: 3 })).map(([number, attempt]) => intent(number, attempt)),
  anyNumber.map(receipt),
  anyNumber.map((number) => done(number)),
  fc.tuple(fc.constantFrom('failed', 'retry', 'unknown'), anyNumber).map(([type, number]) => ended(type, number)),
  anyNumber.map((number) => unanswered(number, 1)),
  anyNumber.map((number) => takenBack(number)),
  anyNumber.map((number): UnitEvent => ({ type: 'not_done', number, atMs: AT_MS })),
  fc.tuple(anyNumber, fc.constantFrom('done', 'pending', 'skipped')).map(([number, as]) => settled(number, as)),
);

function predict(states: readonly UnitStatus[], event: UnitEvent): readonly UnitStatus[] | undefined {
  const { from, to } = MODEL[event.type === 'settled' ? `settled ${event.as}` : event.type] ?? { from: [] };
  const state = states[event.number - 1];
  if (state !== undefined && from.includes(state)) return states.with(event.number - 1, to ?? state);
  return event.type === 'taken_back' ? states : undefined;
}

function predictAll(states: readonly UnitStatus[], events: readonly UnitEvent[]): readonly UnitStatus[] | undefined {
  return events.reduce<readonly UnitStatus[] | undefined>((now, event) => now && predict(now, event), states);
}

/** How many events a batch that may come leaves: taking back what is no failure leaves none. */
function countRecorded(states: readonly UnitStatus[], events: readonly UnitEvent[]): number {
  return events.filter((event, index) => {
    const now = predictAll(states, events.slice(0, index));
    return event.type !== 'taken_back' || predict(now ?? states, event) !== now;
  }).length;
}

function countAll(states: readonly UnitStatus[]): UnitCounts {
  const count = (wanted: UnitStatus) => states.filter((state) => state === wanted).length;
  return {
    ...{ pending: count('pending'), in_doubt: count('in_doubt'), done: count('done') },
    ...{ failed: count('failed'), skipped: count('skipped'), needs_review: count('needs_review') },
  };
}

const codeOf = (thrown: unknown): unknown => (isRecoveryError(thrown) ? thrown.code : thrown);

/** The states of units follow from what is committed, whatever comes in which order. */
export function describeStates(make: MakeStorePlace): void {
  describe('commit', () => {
    it('moves units as events say, and refuses a whole batch of which one may not come', async () => {
      await using place = await make();
      const store = place.open();
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyEvent, { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
          async (batches) => {
            const { id } = await addJob(store, ['3', '2', '1']);
            const held = await take(store, id);
            let model: readonly UnitStatus[] = ['pending', 'pending', 'pending'];
            let recorded = 0;
            for (const events of batches) {
              const next = predictAll(model, events);
              const code = await held.commit({ events }).then(() => undefined, codeOf);
              expect(code).toBe(next ? undefined : 'UNIT_CHANGED');
              if (next) recorded += countRecorded(model, events);
              model = next ?? model;
            }
            expect(await statusesOf(store, id)).toEqual(model);
            expect((await lookAt(store, id)).units.journalSequence).toBe(recorded);
            expect(await held.counts()).toEqual(countAll(model));
            await held.release();
          },
        ),
        { numRuns: 15 },
      );
      expect((await store.verify())?.problems).toEqual([]);
    });
  });
}
