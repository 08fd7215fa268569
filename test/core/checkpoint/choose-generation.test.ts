import { expect, test } from 'vitest';
import { chooseNewest, isNewer } from '../../../src/core/checkpoint/choose-generation.ts';
import type {
  CheckpointHead,
  CheckpointVerdict,
  Rejection,
  ValidCheckpoint,
} from '../../../src/core/checkpoint/schema.ts';

const HEAD: Required<CheckpointHead> = {
  runId: 'run-77',
  globalStep: 900n,
  optimizerStep: 450n,
  savedAtUnixSeconds: 1_764_000_000n,
};
const valid = (changes: Partial<CheckpointHead> = {}): ValidCheckpoint => ({
  type: 'valid',
  path: 'file',
  head: { ...HEAD, ...changes },
  progress: `global_step ${{ ...HEAD, ...changes }.globalStep}`,
  proved: ['structure'],
  notProved: ['digest'],
  missing: [],
});
/** Primary, then any number of fallbacks, the newest name first. */
function choose(primary: CheckpointVerdict, ...fallbacks: readonly CheckpointVerdict[]) {
  const others = fallbacks.map((verdict) => ({ source: 'fallback', verdict }) as const);
  const { chosen, failures, notes } = chooseNewest([{ source: 'primary', verdict: primary } as const, ...others]);
  return { ...(chosen && { chosen }), diagnostics: [...failures, ...notes] };
}

const rejected: Rejection = {
  type: 'rejected',
  code: 'CHECKPOINT_INVALID',
  path: 'bad.json',
  message: 'broken',
  expected: 'a',
  found: 'b',
};

test('chooseNewest: a valid primary is chosen without a word', () => {
  const primary = valid();
  expect(choose(primary, valid())).toEqual({
    chosen: { source: 'primary', checkpoint: primary },
    diagnostics: [],
  });
  expect(choose(primary, rejected).diagnostics).toEqual([]);
});

test('chooseNewest: a refused primary gives way to the fallback and is told', () => {
  expect(choose(rejected, valid())).toMatchObject({
    chosen: { source: 'fallback' },
    diagnostics: ['primary checkpoint load failed: bad.json: broken'],
  });
});

test('chooseNewest: two refused ones are no choice and two reasons', () => {
  expect(choose(rejected, { ...rejected, path: 'worse.json' })).toEqual({
    diagnostics: [
      'primary checkpoint load failed: bad.json: broken',
      'fallback checkpoint load failed: worse.json: broken',
    ],
  });
});

test('chooseNewest: a fallback of the same run that was saved later wins and is told', () => {
  const later = HEAD.savedAtUnixSeconds + 1n;
  expect(choose(valid(), valid({ globalStep: 901n, savedAtUnixSeconds: later }))).toMatchObject({
    chosen: { source: 'fallback', checkpoint: { head: { globalStep: 901n } } },
    diagnostics: [expect.stringMatching(/^primary checkpoint is older: global_step 900.*global_step 901/)],
  });
});

test('chooseNewest: a primary that was saved last wins over a fallback that is further, and the step is told', () => {
  const later = HEAD.savedAtUnixSeconds + 60n;
  expect(choose(valid({ globalStep: 500n, savedAtUnixSeconds: later }), valid())).toMatchObject({
    chosen: { source: 'primary', checkpoint: { head: { globalStep: 500n } } },
    diagnostics: [
      expect.stringMatching(/^training went back: the primary .* global_step 500.* fallback.* global_step 900/),
    ],
  });
});

test('chooseNewest: of two saved in the same second the primary wins', () => {
  expect(choose(valid(), valid({ globalStep: 901n }))).toMatchObject({ chosen: { source: 'primary' } });
});

test('chooseNewest: a fallback of another run never wins over a valid primary', () => {
  const other = valid({ globalStep: 5000n, savedAtUnixSeconds: 2_000_000_000n, runId: 'run-78' });
  expect(choose(valid(), other)).toMatchObject({ chosen: { source: 'primary' }, diagnostics: [] });
});

test('chooseNewest: of many generations the one that was saved last is taken, and each that was refused is told', () => {
  const savedAt = (seconds: bigint, step: bigint) => valid({ savedAtUnixSeconds: seconds, globalStep: step });
  const worse = { ...rejected, path: 'worse.json' };
  const { chosen, diagnostics } = choose(rejected, worse, savedAt(5n, 1n), savedAt(9n, 2n), savedAt(7n, 3n));
  expect(chosen?.checkpoint.head.globalStep).toBe(2n);
  expect(diagnostics).toEqual([
    'primary checkpoint load failed: bad.json: broken',
    'fallback checkpoint load failed: worse.json: broken',
    'fallback checkpoint is older: global_step 1, and the fallback has global_step 2',
    expect.stringMatching(/^training went back: .* global_step 2; the fallback, saved before it, has global_step 3$/),
  ]);
});

test('chooseNewest: checkpoints that do not say their run or their time have no order, and the first is taken', () => {
  const silent: ValidCheckpoint = { ...valid(), head: {} };
  expect(choose(silent, valid()).chosen).toMatchObject({ source: 'primary' });
  expect(choose(silent, { ...silent, path: 'other' })).toMatchObject({
    chosen: { checkpoint: silent },
    diagnostics: [],
  });
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
