import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');
const COUNT = path.join(ROOT, 'scripts/count-tests.mjs');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'salvor-count-'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs vitest on test files and answers what is printed of its report, as `.ci/run` does. */
function count(files: Readonly<Record<string, string>>): string {
  for (const [name, body] of Object.entries(files)) {
    writeFileSync(path.join(folder, `${name}.test.ts`), `import { test, expect } from 'vitest';\n${body}`);
  }
  const report = path.join(folder, 'report.json');
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--root', folder, '--reporter=json', `--outputFile=${report}`],
    { encoding: 'utf8' },
  );
  expect(existsSync(report)).toBe(true);
  return spawnSync(process.execPath, [COUNT, report, String(status)], { encoding: 'utf8' }).stdout;
}

const PASSES = "test('passes', () => {});\n";

test('count-tests: passed tests are counted', () => {
  expect(count({ one: PASSES, two: PASSES.repeat(2) })).toBe('3 passed, 0 failed\n');
});

test('count-tests: a failed test and a file that does not load are failures', () => {
  const fails = "test('fails', () => expect(1).toBe(2));\n";
  const printed = count({ one: PASSES + fails, broken: "throw new Error('no tests here');\n" });
  expect(printed.split('\n').at(-2)).toBe('1 passed, 2 failed');
  expect(printed).toMatch(/^failed: .*one\.test\.ts: fails: .*expected 1 to be 2/m);
  expect(printed).toMatch(/^failed: .*broken\.test\.ts: .*no tests here/m);
});

test('count-tests: an error outside of every test is a failure', () => {
  expect(count({ one: `${PASSES}queueMicrotask(() => { throw new Error('nobody waits for this'); });\n` })).toMatch(
    /^\d passed, [1-9] failed$/m,
  );
});

test('count-tests: a runner that died before its report is a failure', () => {
  const missing = path.join(folder, 'missing.json');
  const { stdout } = spawnSync(process.execPath, [COUNT, missing, '137'], { encoding: 'utf8' });
  expect(stdout).toBe('0 passed, 1 failed\n');
});

test('count-tests: several runs are added up, and one that died counts beside those that did not', () => {
  const [good, missing] = ['good.json', 'missing.json'].map((name) => path.join(folder, name));
  writeFileSync(good ?? '', JSON.stringify({ testResults: [], numPassedTests: 3, numFailedTests: 0 }));
  const { stdout } = spawnSync(process.execPath, [COUNT, good, '0', missing, '137', good, '0'].map(String), {
    encoding: 'utf8',
  });
  expect(stdout).toBe('6 passed, 1 failed\n');
});
