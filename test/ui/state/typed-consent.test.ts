import { expect, test } from 'vitest';
import { chooseTypedWord, matchTyped } from '../../../src/ui/state/typed-consent.ts';

const jobId = 'bh5net2km35';

test.each<readonly [jobName: string, what: 'name' | 'id', why: string]>([
  ['California Orders', 'name', 'is plain'],
  [' padded ', 'name', 'is typed without blanks at its ends'],
  ['a\u00a0b', 'name', 'has a blank that looks like a space'],
  ['x'.repeat(200), 'name', 'is shown whole'],
  ['x'.repeat(201), 'id', 'is shown cut'],
  ['Evil\u202etxt', 'id', 'has an invisible character'],
  ['\u001b[31mred', 'id', 'has an escape sequence'],
  ['👩\u200d🚀 crew', 'id', 'has a joiner that no field takes'],
  ['\u200b', 'id', 'shows nothing at all'],
])('chooseTypedWord: %o is agreed to by its %s: it %s', (jobName, what) => {
  const word = chooseTypedWord({ jobName, jobId });
  expect(word.what).toBe(what);
  expect(matchTyped({ jobName, jobId }, word.text)).toBe(what === 'id' ? jobId : jobName);
});

test('matchTyped: the id agrees as well, and nothing else does', () => {
  const named = { jobName: 'Orders', jobId };
  expect(matchTyped(named, jobId)).toBe(jobId);
  for (const typed of ['', 'orders', 'Order', 'bh5']) expect(matchTyped(named, typed)).toBeUndefined();
  expect(matchTyped({ jobName: 'Evil\u202etxt', jobId }, 'Eviltxt')).toBeUndefined();
});
