import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');
const PAGES = readdirSync(path.join(ROOT, 'docs')).filter((name) => /^adding-a-.*\.md$/.test(name));

test.each(PAGES)('docs/%s: has at most 40 lines, and every file and folder it names is there', (page) => {
  const text = readFileSync(path.join(ROOT, 'docs', page), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  const named = [...text.matchAll(/`((?:src|test|docs|fixtures)\/[^`\s]*)`/g)].map(([, file = '']) => file);
  const linked = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => path.join('docs', link));
  const gone = [...named, ...linked].filter((file) => !file.includes('<') && !existsSync(path.join(ROOT, file)));
  expect(gone).toEqual([]);
  expect(
    linked.some((file) => file.startsWith('test/')),
    'a link to the toy',
  ).toBe(true);
});
