import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { interleave } from '../../bench/measure/interleave.ts';
import { compare, formatResult, isReached } from '../../bench/measure/result.ts';
import { summarise } from '../../bench/measure/summarise.ts';

const RUN = path.join(import.meta.dirname, '../../bench/run.ts');

function runBench(...words: readonly string[]) {
  return spawnSync(process.execPath, [RUN, ...words], { encoding: 'utf8' });
}

describe('npm run bench', () => {
  it.each([
    ['start', 2],
    ['scripts', 2],
    ['console', 2],
    ['keys', 3],
    ['rows', 2],
    ['plan', 1],
    ['resume', 1],
    ['checkpoint', 5],
    ['memory', 1],
  ])('%s: says what machine it is and %i numbers', (name, count) => {
    const { status, stdout, stderr } = runBench('--small', name);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [date, machine, system, load, ...results] = stdout.trimEnd().split('\n');
    expect([date, machine, system, load].map((line) => line?.split(' ')[0])).toEqual([
      'date',
      'machine',
      'system',
      'load',
    ]);
    expect(results).toHaveLength(count);
    for (const result of results) expect(result).toMatch(/ [\d.]+ (x|ms|MB|bytes|rows\/s)\b/);
  });

  it('a name that is no bench is refused, with those there are', () => {
    const { status, stderr } = runBench('nothing');
    expect(status).toBe(2);
    expect(stderr).toContain('no bench nothing; there are start, scripts,');
  });
});

describe('summarise', () => {
  it('quantiles lie between the values beside them, in whatever order they came', () => {
    expect(summarise([4, 1, 3, 2])).toMatchObject({ median: 2.5, p10: 1.3, p90: 3.7, count: 4 });
  });

  it('nothing measured has no median', () => {
    expect(() => summarise([])).toThrow(RangeError);
  });
});

describe('interleave', () => {
  it('measures in turns, first one then the other ahead, and throws the first turn away', async () => {
    const order: string[] = [];
    const measure = (name: string) => () => order.push(name);
    const pairs = await interleave(measure('a'), measure('b'), 2);
    expect(order.join('')).toBe('ababba');
    expect(pairs).toEqual({ ours: [3, 6], theirs: [4, 5] });
  });
});

describe('compare', () => {
  it.each([
    [{ atMost: 2 }, true],
    [{ atMost: 1.9 }, false],
    [{ atLeast: 2 }, true],
    [{ atLeast: 2.1 }, false],
  ])('twice the time with the goal %o is reached: %s', (goal, expected) => {
    const pairs = { ours: [20, 20], theirs: [10, 10] };
    const result = compare('both', pairs, { against: 'nothing', goal, measuredIn: 'ms' });
    expect(result.value).toBe(2);
    expect(isReached(result)).toBe(expected);
    expect(formatResult(result).includes('MISSED')).toBe(!expected);
  });
});
