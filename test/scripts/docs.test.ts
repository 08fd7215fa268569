import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

let copy = '';
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'salvor-docs-'));
  for (const part of ['package.json', 'README.md', 'docs', 'scripts', 'src', 'test/architecture']) {
    cpSync(path.join(ROOT, part), path.join(copy, part), { recursive: true });
  }
  docs();
});
afterAll(() => rmSync(copy, { recursive: true }));

function docs(...args: readonly string[]) {
  return spawnSync(process.execPath, [path.join(copy, 'scripts/docs.ts'), ...args], { encoding: 'utf8' });
}

test('docs: what it wrote is current', () => {
  expect(docs('--check')).toMatchObject({ status: 0, stderr: '' });
});

test('docs --check: a block changed by hand is stale, and stays as it is', () => {
  const page = path.join(copy, 'docs/keys.md');
  const written = readFileSync(page, 'utf8');
  const changed = written.replace('| `q`', '| `Q`');
  writeFileSync(page, changed);
  const { status, stderr } = docs('--check');
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'docs/keys.md: keys is stale; npm run docs writes it\n' });
  expect(readFileSync(page, 'utf8')).toBe(changed);
  docs();
  expect(readFileSync(page, 'utf8')).toBe(written);
});

test('docs: text around a block is left alone', () => {
  appendFileSync(path.join(copy, 'docs/keys.md'), 'Afterword.\n');
  expect(docs('--check').status).toBe(0);
});
