// Makes dist/: few files, since each one read at a start costs about a millisecond. `main` answers --version alone and
// loads `salvor`, which has every scripted command but the parser of job files (`start`, `config`); `console` with Ink and `linear` are loaded by the console alone, `postgres` with its driver by who has
// such a store.
// dist/meta.json says what is in each, dist/THIRD-PARTY.txt under which licences.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { formatNotice } from './third-party.mjs';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** The files of dist/, by the module each begins with. A dynamic import of such a module loads that file. */
const COMMAND_FILES = {
  main: 'src/cli/main.ts',
  salvor: 'src/cli/run-command-line.ts',
  start: 'src/runner/start-job.ts',
  config: 'src/cli/config-file.ts',
  demo: 'src/cli/demo/make-job.ts',
  postgres: 'src/store/postgres/make-postgres-store.ts',
  console: 'src/ui/run-console.tsx',
  linear: 'src/ui/linear/run-linear.ts',
};

/** What programs of others import: `salvor/checkpoint`. */
const LIBRARY_FILES = { checkpoint: 'src/checkpoint.ts' };

/** Leaves dynamic imports of the files' first modules to be found beside, at run time. */
const filesApart = {
  name: 'files-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path: specifier, resolveDir, kind }) => {
      const target = path.relative(root, path.resolve(resolveDir, specifier));
      const name = Object.keys(COMMAND_FILES).find((file) => COMMAND_FILES[file] === target);
      return kind === 'dynamic-import' && name ? { path: `./${name}.js`, external: true } : undefined;
    });
  },
};

/** A built-in module, with or without `node:`: parts of Ink's dependencies leave it out. */
const BUILTIN_NAME = new RegExp(`^(node:)?(${builtinModules.join('|')})$`);

/**
 * Loads built-in modules when the module that needs them begins. As plain imports they would all be loaded at the start
 * of a file, whichever of its commands is asked for: half of the time of a short command. What is imported by name is
 * taken by name, since a copy of all that `node:fs` has, for each module that imports it, takes milliseconds.
 */
const builtinsWhenUsed = {
  name: 'builtins-when-used',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BUILTIN_NAME }, ({ path: name, kind }) => ({
      path: name,
      namespace: kind === 'require-call' ? 'required-builtin' : 'builtin',
      sideEffects: false,
    }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({ contents: exportByName(name) }));
    onLoad({ filter: /.*/, namespace: 'required-builtin' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
    }));
  },
};

/** Loaded when one of its functions is called: it takes 5 ms, and much that imports it digests nothing. */
const LATE_BUILTINS = new Set(['node:crypto']);

/** An ES module with the exports of a built-in one. A name nobody imports is left out, as every pure call is. */
function exportByName(name) {
  const names = Object.keys(process.getBuiltinModule(name)).filter(
    (key) => /^[A-Za-z]\w*$/.test(key) && key !== 'default',
  );
  const load = `process.getBuiltinModule(${JSON.stringify(name)})`;
  if (LATE_BUILTINS.has(name)) {
    return names.map((key) => `export const ${key} = (...given) => ${load}.${key}(...given);`).join('\n');
  }
  const lines = names.map(
    (key) => `const $${key} = /* @__PURE__ */ (() => all.${key})(); export { $${key} as ${key} };`,
  );
  return [`const all = ${load}; export default all;`, ...lines].join('\n');
}

/** Ink asks for React's developer tools only when DEV is set, which the bundle defines away. */
const withoutDevtools = {
  name: 'without-devtools',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'react-devtools-core', namespace: 'stub' }));
    onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'export default {};' }));
  },
};

/** The driver of PostgreSQL can also work with a library in C, or in somebody's cloud; here it does neither. */
const withoutOtherDrivers = {
  name: 'without-other-drivers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(pg-native|pg-cloudflare|pgpass)$/ }, ({ path: name }) => ({
      path: name,
      namespace: 'absent',
    }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** Yoga fetches its own WASM from a data URL, which loads all of undici; without `fetch` it decodes the bytes itself. */
const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup({ onLoad }) {
    onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path: file }) => ({
      contents: `var fetch;${await readFile(file, 'utf8')}`,
    }));
  },
};

/** Bundles the entries; answers esbuild's results with the files still in memory, as one. */
async function bundle() {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const common = {
    absWorkingDir: root,
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    metafile: true,
    write: false,
    logLevel: 'warning',
    jsx: 'automatic',
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.DEV': '"false"',
      __SALVOR_VERSION__: JSON.stringify(version),
    },
    plugins: [filesApart, builtinsWhenUsed, withoutDevtools, withoutOtherDrivers, yogaWithoutFetch],
  };
  const [command, library] = await Promise.all([
    build({ ...common, entryPoints: COMMAND_FILES }),
    // Others meet its classes and functions in their own stack traces: names stay.
    build({ ...common, entryPoints: LIBRARY_FILES, minifyIdentifiers: false, keepNames: true }),
  ]);
  return {
    outputFiles: [...command.outputFiles, ...library.outputFiles],
    metafile: {
      inputs: { ...command.metafile.inputs, ...library.metafile.inputs },
      outputs: { ...command.metafile.outputs, ...library.metafile.outputs },
    },
  };
}

/** Each file replaces its earlier self in one step, main last: a start meanwhile finds the old or the new one whole. */
async function writeAll(files) {
  for (const file of files.toSorted((a, b) => Number(isFirst(a)) - Number(isFirst(b)))) {
    await mkdir(path.dirname(file.path), { recursive: true });
    const beside = `${file.path}.${process.pid}.tmp`;
    await writeFile(beside, file.contents);
    await rename(beside, file.path);
  }
}

function isFirst(file) {
  return path.basename(file.path) === 'main.js';
}

/** Removes what an earlier build left, but for the types, which `npm run build:types` writes. */
async function removeAllBut(files) {
  const keep = new Set(files.map((file) => file.path));
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const kept = keep.has(file) || file.endsWith('.tmp') || file.startsWith(path.join(dist, 'types'));
    if (entry.isFile() && !kept) await rm(file, { force: true });
  }
}

/** Says in the meta file which file of dist/ a dynamic import loads. */
function linkFiles(metafile) {
  for (const { imports } of Object.values(metafile.outputs)) {
    for (const one of imports.filter(({ external, path: target }) => external && target.startsWith('./'))) {
      one.path = path.join('dist', one.path);
      one.external = false;
    }
  }
}

const { outputFiles, metafile } = await bundle();
linkFiles(metafile);
const meta = { path: path.join(dist, 'meta.json'), contents: JSON.stringify(metafile) };
const notice = { path: path.join(dist, 'THIRD-PARTY.txt'), contents: await formatNotice(metafile, root) };
const files = [...outputFiles, meta, notice];
await writeAll(files);
await removeAllBut(files);
const sizeBytes = outputFiles.reduce((sum, file) => sum + file.contents.length, 0);
console.error(`dist: ${outputFiles.length} files, ${Math.round(sizeBytes / 1024)} KiB`);
