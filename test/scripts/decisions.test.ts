import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');
const PAGES = readdirSync(path.join(ROOT, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name));
const NUMBERS = PAGES.map((name) => name.slice(0, 4));

function readTree(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|md)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

test('decisions: every page has a number of its own, in its name and in its title', () => {
  expect(NUMBERS.filter((number, index) => NUMBERS.indexOf(number) !== index)).toEqual([]);
  const titles = PAGES.map(
    (name) => /^# (\d{4}) /m.exec(readFileSync(path.join(ROOT, 'docs/decisions', name), 'utf8'))?.[1],
  );
  expect(titles).toEqual(NUMBERS);
});

test('decisions: what cites a decision cites one that is there', () => {
  const cited = ['src', 'docs']
    .flatMap(readTree)
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/decisions\/(\d{4})/g)]
        .filter(([, number]) => !NUMBERS.includes(number ?? ''))
        .map(([citation]) => `${path.relative(ROOT, file)}: ${citation}`),
    );
  expect(cited).toEqual([]);
});
