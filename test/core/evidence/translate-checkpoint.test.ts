import { expect, test } from 'vitest';
import { translateCheckpoint } from '../../../src/core/evidence/translate-checkpoint.ts';

const facts = { path: 'file', sizeBytes: 9, sha256: 'ab' };

test('translateCheckpoint: a checkpoint that says nothing of itself has no steps', () => {
  const verdict = { type: 'valid', path: 'file', head: {}, progress: '', notProved: [], missing: [] } as const;
  expect(translateCheckpoint('primary', { facts, verdict: { ...verdict, proved: ['structure', 'digest'] } })).toEqual({
    source: 'primary',
    path: 'file',
    grade: 'A',
    sizeBytes: 9,
    sha256: 'ab',
  });
});

test('translateCheckpoint: of a refused one the steps are what it claims, exactly', () => {
  const claims = { runId: 'run', globalStep: 18446744073709551615n };
  const problem = { code: 'CHECKPOINT_INVALID', message: 'broken', expected: 'a', found: 'b' } as const;
  const verdict = { type: 'rejected', path: 'file', ...problem } as const;
  expect(translateCheckpoint('fallback', { facts: { ...facts, claims }, verdict })).toEqual({
    source: 'fallback',
    ...facts,
    grade: 'R',
    runId: 'run',
    globalStep: '18446744073709551615',
    problem,
  });
});
