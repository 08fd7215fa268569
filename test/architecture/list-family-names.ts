import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Module, readModules } from './read-modules.ts';

/** Where the rows of families are: each registry has one line for each. */
const REGISTRIES = ['core/families/registry.ts', 'core/families/vocabulary.ts', 'present/families/registry.ts'];

/** A source makes jobs of one family, and so names it. */
const MAKERS: Readonly<Record<string, RegExp>> = {
  units: /^sources\/native\//,
  'training-control': /^sources\/tau\//,
};

/** A name of a family outside its folders: an import from one, or its name as a text. */
export type FamilyName = { readonly file: string; readonly line: number; readonly family: string };

/** The families there are, by their folders. */
export function listFamilies(modules: readonly Pick<Module, 'file'>[]): readonly string[] {
  const folders = modules.flatMap(({ file }) => /^core\/families\/([^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(folders)];
}

/** Every place under a folder of source that names a family and is neither of it, nor its row, nor a source of its jobs. */
export function listFamilyNames(folder: string): readonly FamilyName[] {
  const modules = readModules(folder);
  return listFamilies(modules).flatMap((family) => {
    const ways = new RegExp(`from '[^']*/${family}/|family: '${family}'|family [!=]== '${family}'`);
    return modules
      .filter(({ file }) => !isAtHome(file, family))
      .flatMap(({ file }) =>
        readFileSync(path.join(folder, file), 'utf8')
          .split('\n')
          .flatMap((text, at) => (ways.test(text) ? [{ file, line: at + 1, family }] : [])),
      );
  });
}

function isAtHome(file: string, family: string): boolean {
  const isOfFamily = new RegExp(`^(core|present)/families/${family}/`).test(file);
  return isOfFamily || REGISTRIES.includes(file) || MAKERS[family]?.test(file) === true;
}
