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

test('chooseGeneration: a fallback of the same run that was saved later wins and is told', () => {
  const later = HEAD.savedAtUnixSeconds + 1n;
  expect(chooseGeneration(valid(), valid({ globalStep: 901n, savedAtUnixSeconds: later }))).toMatchObject({
    chosen: { source: 'fallback', checkpoint: { head: { globalStep: 901n } } },
    diagnostics: [expect.stringMatching(/^primary checkpoint is older: global_step 900.*global_step 901/)],
  });
});

test('chooseGeneration: a primary that was saved last wins over a fallback that is further, and the step is told', () => {
  const later = HEAD.savedAtUnixSeconds + 60n;
  expect(chooseGeneration(valid({ globalStep: 500n, savedAtUnixSeconds: later }), valid())).toMatchObject({
    chosen: { source: 'primary', checkpoint: { head: { globalStep: 500n } } },
    diagnostics: [
      expect.stringMatching(/^training went back: the primary .* global_step 500.* fallback.* global_step 900/),
    ],
  });
});

test('chooseGeneration: of two saved in the same second the primary wins', () => {
  expect(chooseGeneration(valid(), valid({ globalStep: 901n }))).toMatchObject({ chosen: { source: 'primary' } });
});

test('chooseGeneration: a fallback of another run never wins over a valid primary', () => {
  const other = valid({ globalStep: 5000n, savedAtUnixSeconds: 2_000_000_000n, runId: 'run-78' });
  expect(chooseGeneration(valid(), other)).toMatchObject({ chosen: { source: 'primary' }, diagnostics: [] });
});

test('isNewer: the time it was saved decides, never the steps', () => {
  const ladder = [
    { ...HEAD, globalStep: 18446744073709551615n },
    { ...HEAD, savedAtUnixSeconds: HEAD.savedAtUnixSeconds + 1n, globalStep: 0n },
    { ...HEAD, savedAtUnixSeconds: 18446744073709551615n, optimizerStep: 0n },
  ];
  for (const [a, one] of ladder.entries()) {
    for (const [b, other] of ladder.entries()) expect(isNewer(one, other)).toBe(a > b);
  }
});
