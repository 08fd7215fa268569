import { describe, expect, it } from 'vitest';
import type { UnitPorts } from '../../src/core/execution/run-unit.ts';
import type { UnitEngine } from '../../src/core/execution/unit-engine.ts';
import { makePendingUnits } from '../../src/runner/pending-units.ts';
import { runUnits } from '../../src/runner/run-units.ts';
import type { HeldJob } from '../../src/store/contract.ts';
import type { After, PendingUnit } from '../../src/store/records.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A store that takes its time to answer, and has rows with gaps between their numbers. */
function makeRows(count: number) {
  const units = Array.from({ length: count }, (_, index): PendingUnit => {
    const number = (index + 1) * 3;
    return { number, key: String(count - index), attempts: 0, dataJson: '{}', idempotencyKey: `b:1:${number}` };
  });
  const asked: After[] = [];
  const held = {
    async pending(after: After) {
      asked.push(after);
      await turn();
      return units.filter(({ number }) => number > after.number).slice(0, after.limit);
    },
    counts: async () => ({ pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 }),
  };
  return { units, asked, held };
}

/** Every pending unit in order of its number; none halts the run. */
const makeCourse = (held: Pick<HeldJob, 'pending'>) => ({ next: makePendingUnits(held), mayGoOn: () => true });

function makePorts(perform: UnitEngine['perform']): UnitPorts {
  const engine = { start: async () => {}, perform, stop: async () => {}, kill: () => {} };
  const clock = { nowMs: () => 0 };
  const faults = { reach: () => {} };
  return { engine, record: turn, clock, faults, delayBeforeRetryMs: () => undefined, wait: async () => false };
}

describe('runUnits', () => {
  it('hands out each row once, in order, to as many lanes as there are, and reads a page once for all of them', async () => {
    const { units, asked, held } = makeRows(1_203);
    const begun: number[] = [];
    const ports = makePorts(async ({ number }) => {
      begun.push(number);
      await turn();
      return { type: 'done' };
    });
    const signal = new AbortController().signal;
    const told: number[] = [];
    const onUnit = ({ number }: { readonly number: number }) => void told.push(number);
    const end = await runUnits({ held, course: makeCourse(held), concurrency: 16, signal, ports, onUnit });
    expect(end).toEqual({ end: 'ran_out' });
    expect(begun).toEqual(units.map(({ number }) => number));
    expect(told.toSorted((a, b) => a - b)).toEqual(begun);
    // Two whole pages, what is left, and that there is nothing more; a row that came back meanwhile is not begun again.
    const numbers = asked.map(({ number }) => number);
    expect(numbers.slice(0, 4)).toEqual([0, 1_500, 3_000, 3_609]);
    expect(new Set(numbers.slice(4))).toEqual(new Set([3_609]));
  });

  it('STATE_UNREACHABLE: rejects when rows cannot be read, after what is in hand has ended', async () => {
    const { held } = makeRows(3);
    const gone = new Error('the connection was lost');
    let ended = 0;
    const ports = makePorts(async () => {
      for (let turns = 0; turns < 5; turns += 1) await turn();
      ended += 1;
      return { type: 'done' };
    });
    let reads = 0;
    const pending = async (after: After) => {
      reads += 1;
      if (reads > 1) throw gone;
      return held.pending({ ...after, limit: 2 });
    };
    const run = runUnits({
      ...{ held, course: makeCourse({ pending }), concurrency: 3, ports, onUnit: () => {} },
      signal: new AbortController().signal,
    });
    await expect(run).rejects.toBe(gone);
    expect(ended).toBe(2);
  });
});
