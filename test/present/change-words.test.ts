import { expect, test } from 'vitest';
import type { FactChange } from '../../src/core/plan/fact-change.ts';
import { describeChange, describeChanges } from '../../src/present/change-words.ts';

test.each<readonly [FactChange, string]>([
  [{ fact: 'unit', subject: 48, unit: 'row', was: 'in_doubt', is: 'done' }, 'row 48: in doubt -> done'],
  [{ fact: 'unit', subject: 3, unit: 'step', was: 'in_doubt', is: null }, 'step 3: in doubt -> not open'],
  [
    { fact: 'epoch', was: 1, is: 2, holder: { pid: 411, host: 'ship\u001b[2Jping' } },
    'epoch: 1 -> 2 (held by pid 411 on shipping)',
  ],
  [{ fact: 'count', subject: 'in_doubt', unit: 'row', was: 3, is: 0 }, 'rows in doubt: 3 -> 0'],
  [{ fact: 'status', was: 'running', is: 'completed' }, 'recorded as: running -> completed'],
  [{ fact: 'runner', was: 'alive', is: 'dead' }, 'runner: alive -> dead'],
  [{ fact: 'orphan', subject: 4801, was: './my_job.sh', is: null }, 'left-over process 4801: ./my_job.sh -> gone'],
  [{ fact: 'audit_broken', was: null, is: 7 }, 'audit trail broken at entry: none -> 7'],
  [{ fact: 'other', was: null, is: null }, 'something else it rests on: changed'],
])('describeChange: %o is %s', (change, words) => {
  expect(describeChange(change)).toBe(words);
});

test('describeChanges: what is too much to read is counted', () => {
  const changes = Array.from({ length: 15 }, (_, at) => ({ fact: 'unit', subject: at, was: 'in_doubt', is: 'done' }));
  expect(describeChanges({ changes })).toHaveLength(13);
  expect(describeChanges({ changes }).at(-1)).toBe('and 3 more');
  expect(describeChanges({ job: 'j1' })).toEqual([]);
});
