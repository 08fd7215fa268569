import { expect, test } from 'vitest';
import { chooseGeneration, isNewer } from '../../../src/core/checkpoint/choose-generation.ts';
import type { CheckpointHead, Rejection, ValidCheckpoint } from '../../../src/core/checkpoint/schema.ts';

const HEAD: CheckpointHead = {
  version: 1n,
  runId: 'run-77',
  globalStep: 900n,
  optimizerStep: 450n,
  savedAtUnixSeconds: 1_764_000_000n,
};
const valid = (changes: Partial<CheckpointHead> = {}): ValidCheckpoint => ({
  type: 'valid',
  path: 'file',
  proven: false,
  head: { ...HEAD, ...changes },
});
const rejected: Rejection = {
  type: 'rejected',
  code: 'CHECKPOINT_INVALID',
  path: 'bad.json',
  message: 'broken',
  expected: 'a',
  found: 'b',
};

test('chooseGeneration: a valid primary is chosen without a word', () => {
  const primary = valid();
  expect(chooseGeneration(primary, valid())).toEqual({
    chosen: { source: 'primary', checkpoint: primary },
    diagnostics: [],
  });
  expect(chooseGeneration(primary, rejected).diagnostics).toEqual([]);
});

test('chooseGeneration: a refused primary gives way to the fallback and is told', () => {
  expect(chooseGeneration(rejected, valid())).toMatchObject({
    chosen: { source: 'fallback' },
    diagnostics: ['primary checkpoint load failed: bad.json: broken'],
  });
});

test('chooseGeneration: two refused ones are no choice and two reasons', () => {
  expect(chooseGeneration(rejected, { ...rejected, path: 'worse.json' })).toEqual({
    diagnostics: [
      'primary checkpoint load failed: bad.json: broken',
      'fallback checkpoint load failed: worse.json: broken',
    ],
  });
});

test('chooseGeneration: a newer fallback of the same run wins over an older primary and is told', () => {
  expect(chooseGeneration(valid(), valid({ globalStep: 901n }))).toMatchObject({
    chosen: { source: 'fallback', checkpoint: { head: { globalStep: 901n } } },
    diagnostics: [expect.stringMatching(/^primary checkpoint is older: global_step 900.*global_step 901/)],
  });
});

test('chooseGeneration: a fallback of another run never wins over a valid primary', () => {
  expect(chooseGeneration(valid(), valid({ globalStep: 5000n, runId: 'run-78' }))).toMatchObject({
    chosen: { source: 'primary' },
  });
});

test('isNewer: global step, then optimizer step, then time', () => {
  const ladder = [
    HEAD,
    { ...HEAD, savedAtUnixSeconds: HEAD.savedAtUnixSeconds + 1n },
    { ...HEAD, optimizerStep: 451n, savedAtUnixSeconds: 0n },
    { ...HEAD, globalStep: 18446744073709551615n, optimizerStep: 0n, savedAtUnixSeconds: 0n },
  ];
  for (const [a, one] of ladder.entries()) {
    for (const [b, other] of ladder.entries()) expect(isNewer(one, other)).toBe(a > b);
  }
});
