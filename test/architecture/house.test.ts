import path from 'node:path';
import { expect, test } from 'vitest';
import { LONGEST_FILE_LINES, listDefaultExports, listDrawers, listLongFiles, listUndocumented } from './check-house.ts';
import { parseModule, readModules } from './read-modules.ts';

const SRC = readModules(path.join(import.meta.dirname, '../../src'));

test('src: no file is too long', () => {
  expect(listLongFiles(SRC)).toEqual([]);
});

test('src: every export of core, present, platform, store and runner has a docstring', () => {
  expect(listUndocumented(SRC)).toEqual([]);
});

test('src: no barrels, no drawers', () => {
  expect(listDrawers(SRC)).toEqual([]);
});

test('src: no default exports', () => {
  expect(listDefaultExports(SRC)).toEqual([]);
});

test('listLongFiles: the line after the last allowed one is found', () => {
  const lines = 'const a = 1;\n';
  expect(listLongFiles([parseModule('ui/fits.ts', lines.repeat(LONGEST_FILE_LINES))])).toEqual([]);
  expect(listLongFiles([parseModule('ui/long.ts', lines.repeat(LONGEST_FILE_LINES + 1))])).toEqual([
    `ui/long.ts: ${LONGEST_FILE_LINES + 1} lines`,
  ]);
});

test('listUndocumented: a line comment, a distant docstring and none are all found', () => {
  const text = [
    '/** What it is. */',
    'const inner = 1;',
    '// A line.',
    'export const plain = inner;',
    'export type Bare = string;',
    '/** Told. */',
    'export function told() {}',
    '/** A pair. */',
    'export const Pair = 1;',
    'export type Pair = number;',
  ].join('\n');
  expect(listUndocumented([parseModule('core/job/a.ts', text)])).toEqual([
    'core/job/a.ts:4 plain',
    'core/job/a.ts:5 Bare',
  ]);
  expect(listUndocumented([parseModule('cli/a.ts', text)])).toEqual([]);
});

test('listDrawers: a barrel, export * and utils are found', () => {
  const barrel = parseModule('core/job/all.ts', "export { a } from './a.ts';\nexport type { B } from './b.ts';\n");
  const star = parseModule('core/job/star.ts', "export const c = 1;\nexport * from './a.ts';\n");
  const drawer = parseModule('ui/utils/pad.ts', 'export const pad = 1;\n');
  const room = parseModule('ui/view/pad.ts', 'export const pad = 1;\n');
  expect(listDrawers([barrel, star, drawer, room])).toEqual(['core/job/all.ts', 'core/job/star.ts', 'ui/utils/pad.ts']);
});

test('listDefaultExports: a default export is found', () => {
  expect(listDefaultExports([parseModule('ui/app.tsx', 'export default function App() {}\n')])).toEqual([
    'ui/app.tsx:1',
  ]);
});
