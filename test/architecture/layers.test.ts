import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkImports, listCycles, roomOf } from './check-imports.ts';
import { ROOMS } from './layers.ts';
import { parseModule, readModules } from './read-modules.ts';

const SRC = path.join(import.meta.dirname, '../../src');

test('checkImports: every import of src stays within the layers', () => {
  expect(checkImports(readModules(SRC))).toEqual([]);
});

test('listCycles: no file of src imports itself through others', () => {
  expect(listCycles(readModules(SRC))).toEqual([]);
});

test('layers: every room that is named has an entry', () => {
  const names = ROOMS.map((room) => room.name);
  const named = ROOMS.flatMap((room) => [...room.mayImport, ...(room.mayImportTypesOf ?? [])]);
  expect(named.filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

describe('checkImports bites', () => {
  let copy = '';
  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'salvor-layers-'));
    cpSync(SRC, copy, { recursive: true });
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  /** Adds a file to the copy of src and answers the faults that come with it. */
  function plant(file: string, text: string): readonly string[] {
    const before = new Set(checkImports(readModules(copy)).map((fault) => JSON.stringify(fault)));
    writeFileSync(path.join(copy, file), text);
    const faults = checkImports(readModules(copy)).filter((fault) => !before.has(JSON.stringify(fault)));
    rmSync(path.join(copy, file));
    return faults.map((fault) => `${fault.file}:${fault.line}: ${fault.message}`);
  }

  test('the console reaches into a source', () => {
    writeFileSync(path.join(copy, 'sources/planted-target.ts'), 'export const planted = 1;\n');
    expect(plant('ui/planted.ts', "\nimport { planted } from '../sources/planted-target.ts';\n")).toEqual([
      'ui/planted.ts:2: ui may not import sources (sources/planted-target.ts)',
    ]);
  });

  test('a stage looks ahead, for a type alone', () => {
    expect(plant('core/evidence/planted.ts', "import type { Plan } from '../plan/schema.ts';\n")).toEqual([
      'core/evidence/planted.ts:1: core/evidence may not import types of core/plan (core/plan/schema.ts)',
    ]);
    expect(plant('core/evidence/planted.ts', "type P = import('../plan/schema.ts').Plan;\n")).toEqual([
      'core/evidence/planted.ts:1: core/evidence may not import types of core/plan (core/plan/schema.ts)',
    ]);
  });

  test('the core reads a file', () => {
    expect(plant('core/plan/planted.ts', "import { readFileSync } from 'node:fs';\n")).toEqual([
      'core/plan/planted.ts:1: core/plan may not import node:fs',
    ]);
  });

  test('the core looks at the clock', () => {
    expect(plant('core/plan/planted.ts', 'const at = Date.now();\nconst then = new Date(5);\nnew Date();\n')).toEqual([
      'core/plan/planted.ts:1: core/plan may not use Date.now',
      'core/plan/planted.ts:3: core/plan may not use new Date()',
    ]);
  });

  test('a command opens the console other than through cli/interactive', () => {
    expect(plant('cli/planted.ts', "import('../ui/run-console.tsx');\n")).toHaveLength(1);
    expect(plant('cli/planted.ts', "import 'ink';\n")).toEqual(['cli/planted.ts:1: cli may not import ink here']);
  });

  test('somebody else than a dialect knows the engine of the store', () => {
    expect(plant('runner/planted.ts', "import { DatabaseSync } from 'node:sqlite';\n")).toEqual([
      'runner/planted.ts:1: runner may not import node:sqlite',
    ]);
    expect(plant('sources/planted.ts', "import '../store/sqlite/open-sqlite-store.ts';\n")).toEqual([
      'sources/planted.ts:1: sources may not import store/sqlite (store/sqlite/open-sqlite-store.ts)',
    ]);
    expect(plant('store/planted.ts', "import { DatabaseSync } from 'node:sqlite';\n")).toHaveLength(1);
  });

  test('a checkpoint format reads a file itself, and a store knows a format', () => {
    expect(
      plant('platform/checkpoint-formats/policy-json/planted.ts', "import { readFileSync } from 'node:fs';\n"),
    ).toEqual([
      'platform/checkpoint-formats/policy-json/planted.ts:1: platform/checkpoint-formats may not import node:fs',
    ]);
    const importer = "import '../../checkpoint-formats/policy-json/judge.ts';\n";
    expect(plant('platform/checkpoint-stores/directory/planted.ts', importer)).toHaveLength(1);
  });

  test('a file in a new folder stands in no room', () => {
    expect(plant('planted.ts', '')).toEqual(['planted.ts:1: stands in no room of layers.ts']);
  });
});

test('checkImports: a source does not look into another, a file beside them may', () => {
  const target = parseModule('sources/tau/read.ts', 'export const read = 1;\n');
  const stranger = parseModule('sources/native/open.ts', "import { read } from '../tau/read.ts';\n");
  const registry = parseModule('sources/registry.ts', "import { read } from './tau/read.ts';\n");
  expect(checkImports([target, stranger, registry]).map((fault) => fault.file)).toEqual(['sources/native/open.ts']);
});

test('checkImports: the console may import types of the core, and its session', () => {
  const plan = parseModule('core/plan/build-plan.ts', 'export const buildPlan = 1;\n');
  const type = parseModule('ui/a.ts', "import type { buildPlan } from '../core/plan/build-plan.ts';\n");
  const value = parseModule('ui/b.ts', "import { buildPlan } from '../core/plan/build-plan.ts';\n");
  expect(checkImports([plan, type, value]).map((fault) => fault.file)).toEqual(['ui/b.ts']);
});

test('listCycles: a ring through a type is found once', () => {
  const modules = [
    parseModule('core/job/a.ts', "import './b.ts';\n"),
    parseModule('core/job/b.ts', "import type { C } from './c.ts';\n"),
    parseModule('core/job/c.ts', "export { a } from './a.ts';\n"),
  ];
  expect(listCycles(modules)).toEqual(['core/job/a.ts -> core/job/b.ts -> core/job/c.ts']);
});

test('roomOf: the longest path decides', () => {
  expect(roomOf('ui/terminal/gate.ts')?.name).toBe('ui/terminal');
  expect(roomOf('ui/terminal.ts')?.name).toBe('ui');
  expect(roomOf('cli/interactive-terminal.ts')?.name).toBe('cli/interactive');
  expect(roomOf('elsewhere.ts')).toBeUndefined();
});
