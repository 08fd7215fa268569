import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

/**
 * Reads a small file of Salvor's own as text, or undefined when nothing stands at its path.
 *
 * Links are not followed, and what is no file is never waited for: somebody may have put anything there.
 *
 * Units:  `limitBytes` is the most it may hold.
 * Errors: the system's; an Error for what is no file, or larger.
 */
export function readSmallFile(path: string, limitBytes: number): string | undefined {
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error(`${path} is not a file`);
    if (stats.size > limitBytes) throw new Error(`${path} has ${stats.size} bytes, and at most ${limitBytes} belong`);
    const buffer = Buffer.allocUnsafe(stats.size);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, stats.size, 0));
  } finally {
    closeSync(descriptor);
  }
}

function openIfThere(path: string): number | undefined {
  // Asked first, since an error costs more than all the rest.
  if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
