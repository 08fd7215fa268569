import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { makeJobId } from '../../src/store/job-id.ts';

const COUNT = 20_000;
const SCRIPT = `import { makeJobId } from './src/store/job-id.ts';
for (let at = 0; at < ${COUNT}; at += 1) console.log(makeJobId());`;

it('ids are of chance alone, so hosts that know nothing of each other make none twice', () => {
  const own = Array.from({ length: COUNT }, makeJobId);
  const elsewhere = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', SCRIPT], {
    encoding: 'utf8',
    maxBuffer: COUNT * 20,
  });
  const ids = [...own, ...elsewhere.trimEnd().split('\n')];
  expect(new Set(ids).size).toBe(2 * COUNT);
  expect(ids.filter((id) => !/^b[0-9a-hjkmnp-tv-z]{10}$/.test(id))).toEqual([]);
  // Every letter in every place: 50 bits, and no part of them from a clock, a host or a counter.
  for (let place = 1; place <= 10; place += 1)
    expect(new Set(ids.map((id) => id[place])).size, `place ${place}`).toBe(32);
});
