import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { makeFolder } from '../../../helpers/make-folder.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** The registries, each with the one line (and its import) that a family needs there. */
const LINES = [
  ['core', '[UNITS, TRAINING_CONTROL]', '[UNITS, TRAINING_CONTROL, KILNS]', 'KILNS', 'family.ts'],
  [
    'present',
    '[UNITS_WORDS, TRAINING_CONTROL_WORDS]',
    '[UNITS_WORDS, TRAINING_CONTROL_WORDS, KILN_WORDS]',
    'KILN_WORDS',
    'words.ts',
  ],
] as const;

/** Bundles the tour with the program as it is, but for those lines. */
async function bundleTour(lines: readonly (typeof LINES)[number][]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'tour.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'silent',
    plugins: [
      {
        name: 'register',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\/(core|present)\/families\/registry\.ts$/ }, ({ path }) => {
            const source = readFileSync(path, 'utf8');
            const line = lines.find(([room]) => path === join(ROOT, 'src', room, 'families/registry.ts'));
            if (!line) return { contents: source, loader: 'ts' };
            const [, before, after, name, file] = line;
            expect(source.split(before)).toHaveLength(2);
            const imported = `import { ${name} } from ${JSON.stringify(join(import.meta.dirname, file))};\n`;
            return { contents: imported + source.replace(before, after), loader: 'ts' };
          }),
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

async function tour(lines: readonly (typeof LINES)[number][]): Promise<unknown> {
  await using folder = await makeFolder({ 'tour.mjs': await bundleTour(lines) });
  return JSON.parse(execFileSync(process.execPath, [folder.at('tour.mjs')], { encoding: 'utf8', stdio: 'pipe' }));
}

test('a family is a folder and a line: it is judged, asked about, planned, agreed to, carried out, told', async () => {
  const [prompt, recommended, asked, steps, warnings, open, report] = (await tour(LINES)) as readonly unknown[];
  expect(prompt).toBe(
    "Job 'East kiln' was interrupted while it was heated.\n\nLast completed: nothing\n\nOptions:\n  [resume]  - Heat it again",
  );
  expect(recommended).toBe('resume');
  expect(asked).toMatchObject([
    {
      prompt: 'How hot?',
      options: [
        { key: 'l', label: '800 degrees' },
        { key: 'h', label: '1200 degrees' },
      ],
    },
  ]);
  expect({ steps, warnings, open }).toEqual({
    steps: ['heat it to 1200 degrees'],
    warnings: ['Nothing is in the kiln.'],
    open: [],
  });
  expect(report).toEqual(
    expect.arrayContaining([
      "Job 'East kiln': is hot again.",
      '  - heat it to 1200 degrees',
      '  ! Nothing is in the kiln.',
      '  - the kiln went cold: 20 degrees',
    ]),
  );
});

test('without its lines nobody judges it, and nobody presents it', async () => {
  expect(await tour([])).toEqual([]);
  await expect(tour(LINES.slice(0, 1))).rejects.toThrow('which nobody can present');
});
