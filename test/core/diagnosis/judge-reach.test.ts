import { expect, it } from 'vitest';
import { judgeReach, type Reach } from '../../../src/core/diagnosis/judge-reach.ts';
import type { LivenessFacts } from '../../../src/core/evidence/schema.ts';
import { LIVING } from '../../helpers/evidence-builders.ts';

it.each<readonly [Partial<LivenessFacts>, Reach]>([
  [{}, 'here'],
  [{ canSignal: true }, 'here'],
  [{ canSignal: false }, 'other_user'],
  [{ process: 'unknown' }, 'other_container'],
  [{ process: 'gone' }, 'unseen'],
  [{ process: 'other' }, 'unseen'],
  [{ boot: 'unknown', process: 'unknown' }, 'unseen'],
  [{ boot: 'other', process: 'unknown' }, 'other_host'],
  [{ host: 'other', boot: 'same', process: 'unknown' }, 'other_host'],
])('a runner of which is seen %j can be asked: %s', (change, reach) => {
  expect(judgeReach({ ...LIVING, ...change })).toBe(reach);
});
