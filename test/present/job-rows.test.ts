import { describe, expect, it } from 'vitest';
import { RECEIPT_COUNT_LIMIT } from '../../src/core/job/schema.ts';
import { describeAttention, describeJobCells, describeProof, shareDone } from '../../src/present/job-rows.ts';
import { sampleEvidence, sampleSummary } from '../helpers/sample-evidence.ts';

const PROGRESS = sampleSummary().progress;

describe('describeJobCells', () => {
  it('says what a job is, how far it got and what to do about it', () => {
    expect(describeJobCells(sampleSummary())).toEqual({
      name: 'California Orders',
      attention: 'interrupted',
      state: '! interrupted',
      count: '47/200',
      proof: '47 receipts',
      next: 'resume',
      stopped: '2026-03-01 10:01:30Z',
      error: 'E-3001: UPS API timeout',
    });
  });

  it('has a dash for what is absent', () => {
    const {
      interruptedAtMs: _at,
      lastError: _error,
      receiptCount: _count,
      recommended: _next,
      ...bare
    } = sampleSummary();
    expect(describeJobCells(bare)).toMatchObject({ proof: '-', next: '-', stopped: '-', error: '-' });
  });

  it('has one harmless line in every cell', () => {
    const hostile = 'x\u001b[2J\u202e\ny';
    const job = { ...sampleEvidence().job, name: hostile };
    const cells = describeJobCells(sampleSummary({ job, lastError: { code: hostile, message: hostile } }));
    expect([cells.name, cells.error]).toEqual(['x y', 'x y: x y']);
  });
});

describe('describeProof', () => {
  it.each([
    [{ checkpoint: 'primary' }, 'primary'],
    [{ checkpoint: 'fallback' }, 'fallback'],
    [{ checkpoint: 'none' }, 'no checkpoint'],
    [{ receiptCount: 0 }, '0 receipts'],
    [{ receiptCount: 1 }, '1 receipt'],
    [{ receiptCount: RECEIPT_COUNT_LIMIT }, '10000+ receipts'],
  ] as const)('%j is %s', (change, words) => {
    expect(describeProof(sampleSummary(change))).toBe(words);
  });
});

describe('describeAttention', () => {
  it('names only what waits', () => {
    const progress = { ...PROGRESS, inDoubt: 2, needsReview: 1, failed: 3 };
    expect(describeAttention(sampleSummary({ progress }))).toBe('2 in doubt, 1 to review, 3 failed');
    expect(describeAttention(sampleSummary({ progress: { ...PROGRESS, failed: 0 } }))).toBe('');
  });

  it('does not doubt what a living runner has in hand', () => {
    const progress = { ...PROGRESS, inDoubt: 2, failed: 0 };
    expect(describeAttention(sampleSummary({ progress, verdict: 'alive' }))).toBe('2 in hand');
    expect(describeAttention(sampleSummary({ progress, verdict: 'stalled' }))).toBe('2 in hand');
  });
});

it('shareDone: is between nothing and all, also of nothing', () => {
  expect([
    shareDone({ done: 1, total: 4 }),
    shareDone({ done: 0, total: 0 }),
    shareDone({ done: 9, total: 4 }),
  ]).toEqual([0.25, 0, 1]);
});
