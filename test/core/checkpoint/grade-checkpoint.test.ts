import { expect, test } from 'vitest';
import { gradeCheckpoint } from '../../../src/core/checkpoint/grade-checkpoint.ts';
import type { Rejection, ValidCheckpoint } from '../../../src/core/checkpoint/schema.ts';

const valid: ValidCheckpoint = {
  type: 'valid',
  path: 'file',
  head: {},
  progress: '',
  proved: ['structure', 'checksums'],
  notProved: ['digest'],
  missing: [],
};
const rejected: Rejection = {
  type: 'rejected',
  code: 'CHECKPOINT_INVALID',
  path: 'file',
  message: 'broken',
  expected: 'a',
  found: 'b',
};

test('gradeCheckpoint: a digest makes it A, built-in checksums alone B', () => {
  expect(gradeCheckpoint({ ...valid, proved: ['structure', 'digest'] })).toBe('A');
  expect(gradeCheckpoint(valid)).toBe('B');
});

test('gradeCheckpoint: what lacks something for the same run is C, however well the rest is proved', () => {
  expect(gradeCheckpoint({ ...valid, proved: ['structure', 'digest'], missing: ['optimizer.pt'] })).toBe('C');
});

test('gradeCheckpoint: a refused one is R, one of a version nobody here reads U', () => {
  expect(gradeCheckpoint(rejected)).toBe('R');
  expect(gradeCheckpoint({ ...rejected, code: 'CHECKPOINT_VERSION_UNSUPPORTED' })).toBe('U');
});
