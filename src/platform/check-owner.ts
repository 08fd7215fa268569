import { lstatSync, type Stats, statSync } from 'node:fs';

/** Write permission of those who are neither owner nor group. */
const OTHERS_WRITE = 0o002;

/**
 * Says who besides this process's user may have made what is in a directory and in files of it: the owner of the
 * directory (or of the link that leads there), of one of the files, or everybody. Undefined when nobody may, and where
 * the system knows no owners. What is not there was made by nobody.
 *
 * Errors: the system's, for what may not be looked at.
 */
export function describeStranger(directory: string, files: readonly string[]): string | undefined {
  const own = process.geteuid?.();
  if (own === undefined) return undefined;
  const target = statSync(directory, { throwIfNoEntry: false });
  if (!target) return undefined;
  const found: readonly (readonly [path: string, stats: Stats | undefined])[] = [
    [directory, target],
    ...[directory, ...files].map((path) => [path, lstatSync(path, { throwIfNoEntry: false })] as const),
  ];
  const [path, stats] = found.find(([, one]) => one !== undefined && one.uid !== own) ?? [];
  if (path !== undefined && stats) return `${path} belongs to ${describe(stats)}, and you are user ${own}`;
  if ((target.mode & OTHERS_WRITE) !== 0) return `everybody may write in ${directory}, of ${describe(target)}`;
  return undefined;
}

function describe({ uid, mode }: Stats): string {
  return `user ${uid} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`;
}
