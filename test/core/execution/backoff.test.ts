import { describe, expect, it } from 'vitest';
import { computeBackoffMs, isRetryable, type RetryPolicy } from '../../../src/core/execution/backoff.ts';

const RETRY: RetryPolicy = {
  attempts: 9,
  backoff: 'exponential',
  initialDelayMs: 1000,
  maxDelayMs: 30_000,
  jitter: false,
};

const delays = (retry: RetryPolicy) =>
  [1, 2, 3, 4, 5, 6].map((attempt) => computeBackoffMs({ retry, attempt, random: 0.5 }));

describe('computeBackoffMs', () => {
  it('doubles, up to the longest delay', () => {
    expect(delays(RETRY)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000]);
  });
  it('grows by the first delay when linear', () => {
    expect(delays({ ...RETRY, backoff: 'linear' })).toEqual([1000, 2000, 3000, 4000, 5000, 6000]);
  });
  it('stays the same when fixed', () => {
    expect(delays({ ...RETRY, backoff: 'fixed' })).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
  });
  it('draws from zero to the delay when there is jitter', () => {
    const retry = { ...RETRY, jitter: true };
    expect(computeBackoffMs({ retry, attempt: 3, random: 0 })).toBe(0);
    expect(computeBackoffMs({ retry, attempt: 3, random: 0.25 })).toBe(1000);
    expect(computeBackoffMs({ retry, attempt: 3, random: 0.9999 })).toBe(3999);
  });
  it('stays below the longest delay after very many attempts', () => {
    expect(computeBackoffMs({ retry: RETRY, attempt: 5000, random: 1 })).toBe(30_000);
  });
});

describe('isRetryable', () => {
  it('counts every failure when no codes are named, else the named ones only', () => {
    const error = { code: 'E-3001', message: '' };
    expect(isRetryable(error, RETRY)).toBe(true);
    expect(isRetryable(error, { ...RETRY, on: ['timeout', 'E-3001'] })).toBe(true);
    expect(isRetryable(error, { ...RETRY, on: ['timeout'] })).toBe(false);
    expect(isRetryable(error, { ...RETRY, on: [] })).toBe(false);
  });
});
