import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeJobs } from '../../bench/state/make-jobs.ts';
import { makeFolder } from '../helpers/make-folder.ts';

const ROOT = path.join(import.meta.dirname, '../..');

type Output = {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
};
type Outputs = Readonly<Record<string, Output>>;

let outputs: Outputs = {};

beforeAll(() => {
  outputs = (JSON.parse(readFileSync(path.join(ROOT, 'dist/meta.json'), 'utf8')) as { outputs: Outputs }).outputs;
});

/** The npm packages in a file of the bundle and in what it imports: at once, or also later. */
function packagesOf(entry: string, kinds: readonly string[]): ReadonlySet<string> {
  const files = new Set([entry]);
  for (const file of files) {
    for (const { path: target, kind, external } of outputs[file]?.imports ?? []) {
      if (external !== true && kinds.includes(kind)) files.add(target);
    }
  }
  const inputs = [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  return new Set(inputs.flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []));
}

test('dist/salvor.js: what a scripted command loads has no Ink, React, Yoga in it', () => {
  const loaded = packagesOf('dist/salvor.js', ['import-statement']);
  expect(
    ['ink', 'ink-select-input', 'react', 'react-reconciler', 'yoga-layout'].filter((name) => loaded.has(name)),
  ).toEqual([]);
});

test('dist/main.js: has no package in it, since --version loads nothing else', () => {
  expect([...packagesOf('dist/main.js', ['import-statement'])]).toEqual([]);
});

test('dist/main.js: the console comes in a file of its own, with production React', () => {
  const reachable = packagesOf('dist/main.js', ['import-statement', 'dynamic-import']);
  expect(['ink', 'react', 'yoga-layout'].filter((name) => !reachable.has(name))).toEqual([]);
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  expect(inputs.filter((input) => /react.*\.development\.js$/.test(input))).toEqual([]);
});

test('dist: nothing but built-in modules is left to be found at run time', () => {
  const externals = Object.values(outputs).flatMap(({ imports }) => imports.filter((one) => one.external));
  expect(externals.map((one) => one.path).filter((name) => !isBuiltin(name))).toEqual([]);
});

test('dist: Yoga decodes its own bytes instead of fetching them', () => {
  const asksForFetch = /[^.\w$]fetch[^\w$]/;
  const yoga = Object.keys(outputs).flatMap((file) =>
    Object.keys(outputs[file]?.inputs ?? {})
      .filter((input) => input.endsWith('yoga-wasm-base64-esm.js'))
      .map((input) => ({ file, input })),
  )[0];
  expect(readFileSync(path.join(ROOT, yoga?.input ?? ''), 'utf8')).toMatch(asksForFetch);
  expect(readFileSync(path.join(ROOT, yoga?.file ?? ''), 'utf8')).not.toMatch(asksForFetch);
});

test.each([[['--version']], [['--help']], [['list', '--json', '--state', 'STATE']]])(
  'dist: salvor %j loads neither the streams of files nor what digests, which take 3 and 6 ms',
  async (words) => {
    await using folder = await makeFolder({
      'say.cjs': 'process.once("exit", () => require("node:fs").writeSync(2, process.moduleLoadList.join()));',
    });
    makeJobs(folder.at('state'), 1);
    const program = [
      path.join(ROOT, 'bin/salvor.js'),
      ...words.map((word) => word.replace('STATE', folder.at('state'))),
    ];
    const { status, stderr } = spawnSync(process.execPath, ['--require', folder.at('say.cjs'), ...program], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    const loaded = new Set(stderr.split(','));
    expect(loaded.has('NativeModule fs')).toBe(true);
    expect(['NativeModule crypto', 'NativeModule internal/fs/streams'].filter((name) => loaded.has(name))).toEqual([]);
  },
);
