import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listFamilies, listFamilyNames } from './list-family-names.ts';
import { readModules } from './read-modules.ts';

const SRC = path.join(import.meta.dirname, '../../src');

test('src: nothing outside a family names it but its row and the source of its jobs', () => {
  expect(listFamilies(readModules(SRC))).toEqual(['training-control', 'units']);
  expect(listFamilyNames(SRC)).toEqual([]);
});

test('listFamilyNames: an import, a comparison and a name are found, in another family too', () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'salvor-families-'));
  try {
    for (const room of ['core/families', 'present/families', 'sources'])
      cpSync(path.join(SRC, room), path.join(copy, room), { recursive: true });
    const plant = (file: string, text: string) => writeFileSync(path.join(copy, file), text);
    plant('present/planted.ts', "\nimport { judge } from '../core/families/units/judge-job.ts';\n");
    plant('present/asked.ts', "export const isControl = (job: J) => job.family === 'training-control';\n");
    plant('sources/native/planted.ts', "export const JOB = { family: 'training-control' };\n");
    plant('core/families/units/planted.ts', "import { isDone } from '../training-control/rules.ts';\n");
    expect(listFamilyNames(copy).map(({ file, line }) => `${file}:${line}`)).toEqual([
      'core/families/units/planted.ts:1',
      'present/asked.ts:1',
      'sources/native/planted.ts:1',
      'present/planted.ts:2',
    ]);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
