import type { Module } from './read-modules.ts';

/** The longest a source file may be. Source: style, conventions. */
export const LONGEST_FILE_LINES = 300;

/** Rooms whose every export says what it answers. Source: style, conventions. */
const DOCUMENTED = /^(core|present|platform|store|runner)\//;

/** Drawers: folders that say nothing about what is in them. Source: design, the house. */
const DRAWERS = /(^|\/)(utils?|helpers|common|shared|misc|lib)(\/|\.tsx?$)/;

/** Files longer than LONGEST_FILE_LINES, with their length. */
export function listLongFiles(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(({ lineCount }) => lineCount > LONGEST_FILE_LINES)
    .map(({ file, lineCount }) => `${file}: ${lineCount} lines`);
}

/** Exports without a docstring, as `file:line name`. A schema and the type of its name share one. */
export function listUndocumented(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(({ file }) => DOCUMENTED.test(file))
    .flatMap(({ file, exports }) => {
      const documented = new Set(exports.filter((one) => one.documented).map((one) => one.name));
      return exports.filter(({ name }) => !documented.has(name)).map(({ name, line }) => `${file}:${line} ${name}`);
    });
}

/** Files that only pass on what others export, `export *`, and drawers. */
export function listDrawers(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(({ file, exports }) => {
      const onlyPassesOn = exports.length > 0 && exports.every((one) => one.reExport);
      return onlyPassesOn || exports.some((one) => one.name === '*') || DRAWERS.test(file);
    })
    .map(({ file }) => file);
}

/** Default exports, as `file:line`. */
export function listDefaultExports(modules: readonly Module[]): readonly string[] {
  return modules.flatMap(({ file, exports }) =>
    exports.filter((one) => one.name === 'default').map(({ line }) => `${file}:${line}`),
  );
}
