/** The package as users get it: packed, installed by npm, and run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installGlobally, installInProject, packPackage } from './helpers/install-package.ts';
import { type Folder, makeFolder } from './helpers/make-folder.ts';
import { openPty } from './helpers/terminal/open-pty.ts';

// npm builds, packs and installs twice; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const ROOT = path.join(import.meta.dirname, '..');
const PATH = `${path.dirname(process.execPath)}:${process.env['PATH']}`;
/** As another Node.js says its version; what is tested looks nowhere else. */
const PRETEND_OLD = `--import=data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})`;

let folder: Folder;
let tarball = '';
let command = '';
let project = '';
let installed = '';

beforeAll(async () => {
  folder = await makeFolder();
  tarball = packPackage(folder.path);
  command = installGlobally(folder.path, tarball);
  installed = path.dirname(path.dirname(realpathSync(command)));
  project = installInProject(folder.path, tarball);
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Runs a command with nothing of this clone in reach. */
function run(file: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: folder.path, encoding: 'utf8', env: { ...process.env, PATH, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(file, words, options);
  return { status, stdout, stderr };
}

function readJson(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('npm install --global TARBALL', () => {
  test('brings no other package along, in less than a megabyte', () => {
    expect(readdirSync(path.join(folder.path, 'prefix/lib/node_modules'))).toEqual(['salvor']);
    expect(existsSync(path.join(installed, 'node_modules'))).toBe(false);
    expect(Object.keys(readJson(path.join(installed, 'package.json')))).not.toContain('dependencies');
    expect(statSync(tarball).size).toBeLessThan(1_000_000);
  });

  test('has the licence of every package in the bundle', () => {
    const notice = readFileSync(path.join(installed, 'dist/THIRD-PARTY.txt'), 'utf8');
    const { outputs } = readJson(path.join(ROOT, 'dist/meta.json')) as { outputs: Record<string, { inputs: object }> };
    const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
    const folders = new Set(
      inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
    );
    const bundled = [...folders].map((one) => readJson(path.join(ROOT, one, 'package.json')));
    expect(bundled.length).toBeGreaterThan(20);
    for (const { name, version } of bundled) expect(notice).toContain(`${name} ${version} (`);
    expect(notice.match(/copyright/gi)?.length).toBeGreaterThan(20);
  });

  test('runs: --version, list, demo --list, doctor', () => {
    const { version } = readJson(path.join(ROOT, 'package.json'));
    expect(run(command, ['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const state = ['--state', folder.at('nobody')];
    expect(run(command, ['list', '--json', ...state]).stdout).toMatch(/^\{/);
    expect(run(command, ['demo', '--list'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('api-timeout'),
    });
    expect(run(command, ['doctor', '--json', ...state]).stdout).toMatch(/^\{/);
  });

  test('opens the console on a terminal', async () => {
    const state = path.dirname(folder.at('state/x'));
    const size = { columns: 80, rows: 24 };
    const pty = openPty(process.execPath, [command, 'demo'], { ...size, cwd: folder.path, env: { HOME: state, PATH } });
    try {
      await pty.waitFor((screen) => screen.includes('California Orders') && screen.includes('? help'));
      pty.type('q');
      expect(await pty.exited()).toMatchObject({ code: 0 });
    } finally {
      pty.dispose();
    }
  });

  test('on an older Node.js says which one to install, and not what only a clone can do', () => {
    const ended = run(process.execPath, [PRETEND_OLD, command, '--version']);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toContain(`salvor: needs Node.js 24 or newer; ${process.execPath} is 20.20.2`);
    expect(ended.stderr).toContain(`no package "node" is installed beside ${installed}`);
    expect(ended.stderr).toContain('Install Node.js 24 or newer and put it first on the PATH.');
    expect(ended.stderr).not.toContain('npm ci');
  });
});

const CONSUMER = `
import {
  inspectCheckpoint, isRecoveryError, loadCheckpoint, rawJson, RecoveryError, restoreCheckpoint, saveCheckpoint,
  type CheckpointVerdict, type ErrorCode, type InspectedCheckpoint, type LoadedCheckpoint, type RestoredCheckpoint,
  type SavedCheckpoint, type SaveOptions, type StateInput, type StoredState,
} from 'salvor/checkpoint';

interface Layer { readonly w: number[]; b?: Float32Array }
export interface State { layers: Layer[]; step: bigint }
export const state: State = { layers: [{ w: [1] }], step: 2n };

export const save = (directory: string, policyState: State) =>
  saveCheckpoint({ directory, runId: 'r', globalStep: 1, optimizerStep: 1n, policyState, optimizerState: rawJson('{}') });
export const load = (directory: string, fallback: boolean | undefined) => loadCheckpoint(directory, { fallback });
export const inspect = (path: string) => inspectCheckpoint(path);
export const restore = (directory: string, from: string) => restoreCheckpoint(directory, from);
export class Loop {
  saved: SavedCheckpoint | undefined;
  last = (async () => (await load('d', undefined)).policyState)();
  readonly options: Omit<SaveOptions, 'directory'> | undefined;
  explain(thrown: unknown): ErrorCode | undefined {
    if (thrown instanceof RecoveryError) return thrown.code;
    return isRecoveryError(thrown) ? thrown.code : undefined;
  }
}
export type All = [CheckpointVerdict, InspectedCheckpoint, LoadedCheckpoint, RestoredCheckpoint, StateInput, StoredState];
// @ts-expect-error: a state is no text
save('d', 'text');
`;

describe("import 'salvor/checkpoint'", () => {
  test.each(['nodenext', 'preserve'])('compiles strictly in a program with declarations (module %s)', (module) => {
    writeFileSync(path.join(project, 'loop.ts'), CONSUMER);
    const strict = ['--strict', '--declaration', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes'];
    const words = ['loop.ts', ...strict, '--module', module, '--target', 'es2024', '--outDir', 'out', '--types', ''];
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const { status, stdout } = spawnSync(tsc, words, { cwd: project, encoding: 'utf8', env: { ...process.env, PATH } });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(readFileSync(path.join(project, 'out/loop.d.ts'), 'utf8')).toContain('Promise<SavedCheckpoint>');
    rmSync(path.join(project, 'out'), { recursive: true });
  });

  test('keeps the names of its classes and functions', () => {
    writeFileSync(
      path.join(project, 'names.js'),
      `import * as all from 'salvor/checkpoint';
       const error = await all.loadCheckpoint('nowhere').catch((thrown) => thrown);
       const names = [error.name, error.constructor.name, all.rawJson('{}').constructor.name, all.saveCheckpoint.name];
       console.log(JSON.stringify(names), error instanceof all.RecoveryError, error.hint);`,
    );
    const stdout = execFileSync(process.execPath, ['names.js'], { cwd: project, encoding: 'utf8' });
    expect(stdout).toMatch(/^\["RecoveryError","RecoveryError","RawJson","saveCheckpoint"\] true Name the directory/);
  });

  test('on an older Node.js is a clear error', () => {
    const script = "import('salvor/checkpoint').catch((e) => console.log(e.name, e.code, e.message))";
    const words = [PRETEND_OLD, '--input-type=module', '--eval', script];
    const stdout = execFileSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
    const found = `${process.execPath} is 20.20.2`;
    expect(stdout).toBe(`RecoveryError NODE_UNSUPPORTED salvor/checkpoint needs Node.js 24 or newer; ${found}\n`);
  });

  test('docs/cookbook.md: the training loop runs, and goes on from where it stopped', () => {
    const page = readFileSync(path.join(ROOT, 'docs/cookbook.md'), 'utf8');
    const code = /<!-- runs: train\.mjs -->\n```js\n(.*?)```/s.exec(page)?.[1] ?? '';
    writeFileSync(path.join(project, 'train.mjs'), code);
    const train = () =>
      execFileSync(process.execPath, ['train.mjs'], { cwd: project, encoding: 'utf8', stdio: 'pipe' });
    expect([train(), train()]).toEqual(['from step 0: 0,0\n', 'from step 3: 1.5,1.5\n']);
    writeFileSync(path.join(project, '.tau/training/policy-checkpoint.json'), '{');
    expect(train()).toBe('from step 5: 2.5,2.5\n');
  });
});
