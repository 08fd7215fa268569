import { type BigIntStats, lstatSync } from 'node:fs';

/**
 * Looks at what stands at a path itself, a link included; undefined where nothing does, also below what is no directory.
 *
 * Errors: the system's for everything else.
 */
export function statItself(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false, bigint: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
