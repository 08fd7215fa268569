import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

/** A place in the source, and what stands there instead; the text to be found stands there once. */
export type Change = { readonly file: string; readonly find: string; readonly replace: string };

/**
 * Makes one file of what an actor's thread runs: the program as it is, but for `changes` and for what stands between it
 * and the store. Answers the code.
 */
export async function bundleActor(changes: readonly Change[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'actor-thread.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    absWorkingDir: ROOT,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [gateStore, changeSource(changes)],
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

const GATED = join(import.meta.dirname, 'gated-sqlite.ts');

const gateStore: Plugin = {
  name: 'gate-store',
  setup({ onResolve }) {
    onResolve({ filter: /^node:sqlite$/ }, ({ importer }) => (importer === GATED ? undefined : { path: GATED }));
  },
};

function changeSource(changes: readonly Change[]): Plugin {
  const byPath = Map.groupBy(changes, ({ file }) => join(ROOT, file));
  return {
    name: 'change-source',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const meant = byPath.get(path);
        return meant && { contents: meant.reduce(applyChange, readFileSync(path, 'utf8')), loader: 'ts' };
      });
    },
  };
}

/** Errors: when the text does not stand there exactly once. */
export function applyChange(source: string, { file, find, replace }: Change): string {
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`${file} has ${count} times: ${find}`);
  return source.replace(find, () => replace);
}
