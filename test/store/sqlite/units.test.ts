import { describe, expect, it } from 'vitest';
import { UNIT_STATUSES, type UnitStatus } from '../../../src/core/job/schema.ts';
import {
  readAttentionUnits,
  readJournalSequence,
  readLastDone,
  readLastErrorUnit,
  readUnitNumbers,
} from '../../../src/store/sqlite/evidence-queries.ts';
import { raiseGeneration } from '../../../src/store/sqlite/jobs.ts';
import { makeUnitJournal } from '../../../src/store/sqlite/unit-journal.ts';
import {
  countUnitsByStatus,
  readNamedUnits,
  readPendingUnits,
  readUnitData,
  readUnits,
} from '../../../src/store/sqlite/units.ts';
import { assembleCounts } from '../../../src/store/translate-rows.ts';
import { formatIdempotencyKey } from '../../../src/store/unit-events.ts';
import { makeTempState, SEED_MS } from '../../helpers/temp-state.ts';

const MIXED: readonly UnitStatus[] = ['done', 'in_doubt', 'failed', 'pending', 'done', 'needs_review', 'skipped'];
const numbers = (units: readonly { readonly number: number }[]) => units.map(({ number }) => number);

describe('readUnits', () => {
  it('pages by number within the states asked for, and counts all that match', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: MIXED });
    const page = (statuses: readonly UnitStatus[], offset: number, limit: number) => {
      const { units, total } = readUnits(state.database, job, { statuses, offset, limit });
      return [numbers(units), total];
    };
    expect(page([], 0, 3)).toEqual([[1, 2, 3], 7]);
    expect(page([], 6, 3)).toEqual([[7], 7]);
    expect(page([], 7, 3)).toEqual([[], 7]);
    expect(page(['done', 'failed'], 1, 2)).toEqual([[3, 5], 3]);
  });

  it('leaves out what a unit has not', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ id: 'bjob', units: ['pending', 'done', 'failed'] });
    const { units } = readUnits(state.database, job, { statuses: [], offset: 0, limit: 9 });
    expect(units).toEqual([
      { number: 1, key: 'k1', status: 'pending', eventSequence: 0, idempotencyKey: 'bjob:1:1', attempts: 0 },
      {
        number: 2,
        key: 'k2',
        status: 'done',
        eventSequence: 2,
        idempotencyKey: 'bjob:1:2',
        attempts: 1,
        receipt: '1Z2',
        startedAtMs: SEED_MS + 2,
        finishedAtMs: SEED_MS + 2,
      },
      {
        number: 3,
        key: 'k3',
        status: 'failed',
        eventSequence: 4,
        idempotencyKey: 'bjob:1:3',
        attempts: 1,
        startedAtMs: SEED_MS + 3,
        finishedAtMs: SEED_MS + 3,
        error: { code: 'E-3001', message: 'UPS API timeout' },
      },
    ]);
  });

  it('takes a state it does not know for one to review', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['done'] });
    state.database.exec("PRAGMA ignore_check_constraints = ON; UPDATE units SET status = 'vanished'");
    expect(readNamedUnits(state.database, job, { keys: ['k1'], numbers: [] })).toMatchObject([
      { status: 'needs_review' },
    ]);
  });
});

describe('readNamedUnits', () => {
  it('takes no key for a number and no number for a key, and names each unit once', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: Array(5).fill('pending'), keys: ['5', '4', '3', '2', '1'] });
    const find = (keys: readonly string[], numbers: readonly number[]) =>
      readNamedUnits(state.database, job, { keys, numbers }).map(({ number, key }) => `${number}:${key}`);
    expect(find(['2'], [])).toEqual(['4:2']);
    expect(find([], [2])).toEqual(['2:4']);
    expect(find(['4', '2', '4'], [4])).toEqual(['2:4', '4:2']);
    expect(find(['', 'k9', '02', '-1', '9'.repeat(400)], [0, -1, 9])).toEqual([]);
  });
});

describe('readPendingUnits', () => {
  it('reads what is still to run after a unit, with its input', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['done', 'pending', 'in_doubt', 'pending', 'pending'] });
    const read = (number: number, limit: number) => readPendingUnits(state.database, job, { number, limit });
    expect(read(0, 2)).toEqual([
      { number: 2, key: 'k2', attempts: 0, dataJson: '{"id":"k2"}', idempotencyKey: `${job.id}:1:2` },
      { number: 4, key: 'k4', attempts: 0, dataJson: '{"id":"k4"}', idempotencyKey: `${job.id}:1:4` },
    ]);
    expect(numbers(read(4, 2))).toEqual([5]);
    expect(read(5, 2)).toEqual([]);
    expect(readUnitData(state.database, job.seq, 4)).toBe('{"id":"k4"}');
  });

  it('STATE_CORRUPT: names the unit whose input is gone, and takes nothing else for it', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['pending', 'pending', 'pending'] });
    state.database.exec('DELETE FROM unit_data WHERE number = 2');
    const corrupt = expect.objectContaining({ code: 'STATE_CORRUPT', details: { row: 2 } });
    expect(() => readPendingUnits(state.database, job, { number: 0, limit: 9 })).toThrow(corrupt);
    expect(() => readUnitData(state.database, job.seq, 2)).toThrow(corrupt);
  });
});

describe('counts', () => {
  it('are complete, whatever is there', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: MIXED });
    expect(countUnitsByStatus(state.database, job.seq)).toEqual({
      pending: 1,
      in_doubt: 1,
      done: 2,
      failed: 1,
      skipped: 1,
      needs_review: 1,
    });
    expect(Object.keys(assembleCounts([]))).toEqual([...UNIT_STATUSES]);
    expect(assembleCounts([{ status: 'vanished', n: 3 }]).done).toBe(0);
  });

  it('say how many receipts there are among what is done and in doubt', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['done', 'done', 'in_doubt', 'in_doubt', 'failed'] });
    state.database.exec("UPDATE units SET receipt = '1Z' WHERE number IN (3, 5)");
    state.database.exec('UPDATE units SET receipt = NULL WHERE number = 1');
    expect(readUnitNumbers(state.database, job.seq)).toMatchObject({ inDoubtWithReceipt: 1, doneWithReceipt: 1 });
    const empty = state.addJob();
    expect(readUnitNumbers(state.database, empty.seq)).toEqual({
      counts: assembleCounts([]),
      inDoubtWithReceipt: 0,
      inReviewWithReceipt: 0,
      doneWithReceipt: 0,
    });
  });
});

describe('evidence of units', () => {
  it('names those that need a decision, by number', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: MIXED });
    expect(numbers(readAttentionUnits(state.database, job))).toEqual([2, 6]);
  });

  it('names the unit that was done last in time, not by number', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['in_doubt', 'done', 'needs_review'] });
    const last = () => readLastDone(state.database, job)?.number;
    expect(last()).toBe(2);
    const journal = makeUnitJournal(state.database, job.seq, 1);
    journal.begin();
    journal.append({ type: 'done', number: 1, atMs: SEED_MS });
    expect(last()).toBe(1);
    journal.append({ type: 'settled', number: 3, as: 'done', reason: 'seen', atMs: SEED_MS });
    expect(last()).toBe(3);
    expect(readJournalSequence(state.database, job.seq)).toBe(7);
  });

  it('names the last done unit still when a later one was settled as not done', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['done', 'needs_review'] });
    const journal = makeUnitJournal(state.database, job.seq, 1);
    journal.begin();
    journal.append({ type: 'settled', number: 2, as: 'pending', reason: 'not there', atMs: SEED_MS });
    expect(readLastDone(state.database, job)?.number).toBe(1);
  });

  it('names the newest error among units not done', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ units: ['failed', 'needs_review', 'pending'] });
    const newest = () => readLastErrorUnit(state.database, job)?.number;
    expect(newest()).toBe(2);
    const journal = makeUnitJournal(state.database, job.seq, 1);
    journal.begin();
    journal.append({ type: 'settled', number: 2, as: 'skipped', reason: 'not wanted', atMs: SEED_MS });
    expect(newest()).toBe(1);
    journal.append({ type: 'settled', number: 1, as: 'done', reason: 'seen', atMs: SEED_MS });
    expect(newest()).toBeUndefined();
  });
});

it('formatIdempotencyKey: is another one in every generation', async () => {
  await using state = await makeTempState();
  const job = state.addJob({ id: 'bjob', units: ['pending'] });
  expect(formatIdempotencyKey(job, 1)).toBe('bjob:1:1');
  raiseGeneration(state.database, job.seq);
  expect(formatIdempotencyKey(state.reread(job), 1)).toBe('bjob:2:1');
});
