import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const TAU = '.tau';

/**
 * Where the access policy of a state directory may be: beside it, in the `.tau` that it is in, and in the project of
 * the working directory, which is where Tau looks. Of a link both ends count.
 *
 * Shapes: absolute paths, each once; every policy that is there has to allow.
 * Errors: none; a path that cannot be followed counts as it is named.
 * Source: formats/tau 2 and 2.6 (`.tau/security/rbac.json`); design, rule 5.
 */
export function findPolicyPaths(path: string, workingDirectory: string): readonly string[] {
  const named = resolve(workingDirectory, path);
  const directories = [resolveLinks(named), named];
  const homes = directories.flatMap((directory) => [dirname(directory), ...listHomes(directory)]);
  const found = [...homes, join(workingDirectory, TAU)].map((home) => join(home, 'security', 'rbac.json'));
  return [...new Set(found)];
}

/** The directory itself and those above it that are called `.tau`. */
function listHomes(directory: string): readonly string[] {
  const homes: string[] = [];
  for (let at = directory; ; at = dirname(at)) {
    if (basename(at) === TAU) homes.push(at);
    if (at === dirname(at)) return homes;
  }
}

/** Follows every link, also of a directory that is yet to be made. */
export function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(resolveLinks(parent), basename(path));
  }
}
