import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.join(import.meta.dirname, '../..');

/**
 * Bundles the bare Ink program as the console is bundled (minified, production React, no developer tools), with the
 * compile cache on, and returns the file to start.
 */
export async function buildBareInk(folder: string): Promise<string> {
  await build({
    absWorkingDir: root,
    entryPoints: { program: 'bench/programs/bare-ink.tsx' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    jsx: 'automatic',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    plugins: [
      {
        name: 'without-devtools',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'react-devtools-core', namespace: 'stub' }));
          onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'export default {};' }));
        },
      },
    ],
  });
  const start = path.join(folder, 'start.mjs');
  writeFileSync(
    start,
    "import module from 'node:module';\nmodule.enableCompileCache();\nawait import('./program.mjs');\n",
  );
  return start;
}
