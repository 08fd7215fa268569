/** Bundles a test's own program, as the real one is bundled, so that Node.js runs it in a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

/** A program that can be started with Node.js, and how to remove it. */
export type BuiltProgram = { readonly file: string; readonly remove: () => void };

const root = path.join(import.meta.dirname, '../../..');

/** Ink names React's developer tools, which are not installed. */
const withoutDevtools: Plugin = {
  name: 'without-devtools',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'react-devtools-core', namespace: 'stub' }));
    onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'export default {};' }));
  },
};

/** Builds `entry` (a path under the repository) into a directory of its own. */
export async function buildProgram(entry: string): Promise<BuiltProgram> {
  const directory = mkdtempSync(path.join(tmpdir(), 'salvor-program-'));
  await build({
    absWorkingDir: root,
    entryPoints: { program: entry },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    jsx: 'automatic',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    plugins: [withoutDevtools],
  });
  return {
    file: path.join(directory, 'program.mjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
