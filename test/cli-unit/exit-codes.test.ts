import { describe, expect, it } from 'vitest';
import { chooseExitCode, EXIT_CODES, EXIT_MEANINGS } from '../../src/cli/exit-codes.ts';
import { HINTS } from '../../src/core/errors.ts';

describe('EXIT_CODES', () => {
  it('has one for every error, and each of them has a meaning', () => {
    expect(Object.keys(EXIT_CODES).sort()).toEqual(Object.keys(HINTS).sort());
    const meant = EXIT_MEANINGS.flatMap(([codes]) => codes.split(', ').map(Number));
    expect([...new Set<number>(Object.values(EXIT_CODES))].filter((code) => !meant.includes(code))).toEqual([]);
  });

  it.each([
    ['a bug', ['INTERNAL'], 1],
    [
      'usage',
      ['USAGE_INVALID', 'TARGET_UNKNOWN', 'JOB_UNKNOWN', 'JOB_AMBIGUOUS', 'UNIT_UNKNOWN', 'TERMINAL_MISSING'],
      2,
    ],
    [
      'a guardrail',
      ['STATE_CORRUPT', 'ROWS_FILE_CHANGED', 'AUDIT_BROKEN', 'ACCESS_DENIED', 'READ_ONLY', 'ORPHAN_RUNNING'],
      3,
    ],
    ['nothing to recover', ['NOTHING_TO_RECOVER', 'JOB_FINISHED', 'JOB_CANCELLED'], 4],
    ['it ran and failed', ['RUN_FAILED'], 5],
    ['a conflict', ['RUNNER_ALIVE', 'LEASE_HELD', 'LEASE_FENCED', 'EVIDENCE_STALE', 'CONSENT_MISMATCH'], 6],
    ['confirmation', ['CONFIRMATION_NEEDED'], 7],
    ['review', ['REVIEW_NEEDED'], 8],
  ] as const)('%s', (_what, errors, code) => {
    for (const error of errors) expect(EXIT_CODES[error], error).toBe(code);
  });
});

describe('chooseExitCode', () => {
  it.each([
    [[], 0],
    [[0, 0], 0],
    [[0, 8], 8],
    [[8, 7], 7],
    [[7, 6], 6],
    [[6, 3], 3],
    [[3, 5], 5],
    [[5, 1], 1],
    [[0, 4], 0],
    [[1, 130], 130],
    [[5, 143, 0], 143],
  ])('%j is %d', (codes, expected) => {
    expect(chooseExitCode(codes)).toBe(expected);
  });
});
