import { type BigIntStats, constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ReadProblem } from '../../../core/checkpoint/schema.ts';

/** An open regular file, or why there is none. */
export type OpenedFile =
  | { readonly type: 'open'; readonly file: FileHandle; readonly sizeBytes: number; readonly identity: string }
  | { readonly type: 'problem'; readonly problem: ReadProblem };

/**
 * Opens a file to read, if it is a regular one; links are followed. Anything else is never waited for.
 *
 * Shapes: `identity` changes when the path is given to another file, and when the file is written to.
 * Errors: none; the problem is a value.
 */
export async function openRegularFile(path: string): Promise<OpenedFile> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a FIFO would hold the reader until somebody writes.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat({ bigint: true });
    if (stats.isFile()) {
      return { type: 'open', file, sizeBytes: Number(stats.size), identity: formatIdentity(stats) };
    }
    await file.close();
    return problem('not_a_file', `${stats.isDirectory() ? 'a directory' : 'a special file'} stands at this path`);
  } catch (error) {
    await file?.close();
    return describeOpenError(path, error);
  }
}

/** Which file it is, and in which state, as an open file says now. Errors: the system's. */
export async function readIdentity(file: FileHandle): Promise<string> {
  return formatIdentity(await file.stat({ bigint: true }));
}

/** Which file it is, and in which state: the device, the file, its size and when it was written to last. */
export function formatIdentity(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs].join(':');
}

function describeOpenError(path: string, error: unknown): OpenedFile {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT' && isLink(path)) return problem('dangling_link', 'a link that leads nowhere', code);
  if (code === 'ENOENT') return problem('missing', 'there is no such file', code);
  if (code === 'EACCES' || code === 'EPERM')
    return problem('no_permission', `no permission to read it (${code})`, code);
  if (code === 'ENXIO' || code === 'EISDIR') return problem('not_a_file', 'a special file stands at this path', code);
  return problem('read_failed', `it cannot be opened (${code})`, code);
}

function problem(reason: ReadProblem['reason'], found: string, code?: string): OpenedFile {
  return { type: 'problem', problem: code === undefined ? { reason, found } : { reason, found, code } };
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
