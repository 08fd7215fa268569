import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { applyChange } from '../../../explorer/bundle-actor.ts';
import { type Folder, makeFolder } from '../../../helpers/make-folder.ts';
import { parseAnswer, pick, runSalvor, startSalvor } from '../../../helpers/salvor.ts';
import { waitFor } from '../../../helpers/wait-for.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const REGISTRY = join(ROOT, 'src/runner/kinds/registry.ts');
/** The one line that a kind is added by, with the import it needs. */
const LINE = { file: REGISTRY, find: '[BATCH];', replace: '[BATCH, TOY];' };
const IMPORT = `import { TOY } from ${JSON.stringify(join(import.meta.dirname, 'kind.ts'))};\n`;

let program = '';

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "import { main } from './src/cli/main.ts'; process.exitCode = await main(process.argv.slice(2));",
      resolveDir: ROOT,
    },
    ...{ bundle: true, write: false, platform: 'node', format: 'esm', target: 'node24', logLevel: 'silent' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    define: { __SALVOR_VERSION__: '"0.0.0"', 'process.env.DEV': '"false"' },
    plugins: [
      {
        name: 'one-line',
        setup({ onResolve, onLoad }) {
          // Never loaded here, and large.
          onResolve({ filter: /(run-console\.tsx|run-linear\.ts|make-postgres-store\.ts)$/ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path, external: true } : undefined,
          );
          onLoad({ filter: /kinds\/registry\.ts$/ }, ({ path }) => ({
            contents: IMPORT + applyChange(readFileSync(path, 'utf8'), LINE),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  const folder = await makeFolder({ 'salvor.mjs': outputFiles[0]?.text ?? '' });
  program = folder.at('salvor.mjs');
  return () => folder[Symbol.asyncDispose]();
});

const salvor = (folder: Folder, args: readonly string[]) =>
  runSalvor([...args, '--state', folder.at('state')], { program, cwd: folder.path });

const step = (name: string) => `echo ${name} >> ledger; while [ ! -e go ]; do sleep 0.01; done`;
const FILE = (steps: readonly string[]) => JSON.stringify({ kind: 'toy', steps, on_failure: 'echo undo >> ledger' });
const ledger = (folder: Folder) => {
  try {
    // A shell makes the file before it writes the line.
    return readFileSync(folder.at('ledger'), 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
};

async function readUnits(folder: Folder) {
  const answer = parseAnswer(await salvor(folder, ['units', 'toy', '--json']));
  const units = pick(answer, 'units');
  return Array.isArray(units) ? units.map((unit) => [pick(unit, 'path'), pick(unit, 'status')]) : [];
}

test('a toy kind, added by its folder and one line, runs, dies, is recovered and comes to its end', async () => {
  await using folder = await makeFolder({ 'job.yaml': FILE([step('a'), step('b')]) });
  await using first = startSalvor(['run', 'job.yaml', '--state', folder.at('state')], { program, cwd: folder.path });
  await waitFor('the first step is begun', () => ledger(folder).length === 1);
  first.signalGroup('SIGKILL');
  await first.ended;
  expect(await readUnits(folder)).toEqual([
    ['steps/0', 'in_doubt'],
    ['steps/1', 'pending'],
    ['on_failure/0', 'pending'],
  ]);
  const { stdout } = await salvor(folder, ['show', 'toy', '--prompt']);
  expect(stdout).toContain("Job 'toy' was interrupted at step 0/3.");
  await folder.write('go', '');
  const settled = await salvor(folder, ['settle', 'toy', 'steps/0', '--as', 'done', '--reason', 'seen']);
  expect(settled.code, settled.stderr).toBe(0);
  const resumed = await salvor(folder, ['--choice', 'resume', '--yes', '--json']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(pick(parseAnswer(resumed), 'job.kind')).toBe('toy');
  expect(ledger(folder)).toEqual(['a', 'b']);
  expect((await readUnits(folder)).map(([, status]) => status)).toEqual(['done', 'done', 'pending']);
});

test('a toy kind says what is next: what is done when a step failed, and nothing after it', async () => {
  await using folder = await makeFolder({ 'job.yaml': FILE(['echo a >> ledger', 'exit 3', 'echo c >> ledger']) });
  const { code, stderr } = await salvor(folder, ['run', 'job.yaml']);
  expect(code, stderr).toBe(5);
  expect(ledger(folder)).toEqual(['a', 'undo']);
  expect((await readUnits(folder)).map(([, status]) => status)).toEqual(['done', 'failed', 'pending', 'done']);
});
