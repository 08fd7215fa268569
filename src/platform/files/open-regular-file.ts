import { type BigIntStats, constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ReadProblem } from '../../core/checkpoint/schema.ts';

/** An open regular file, or why there is none. */
export type OpenedFile =
  | { readonly type: 'open'; readonly file: FileHandle; readonly sizeBytes: number; readonly identity: string }
  | { readonly type: 'problem'; readonly problem: ReadProblem };

/**
 * What a link in the place of a file is: `followed`; followed when it leads to a file of its own owner, `of_one_owner`, so
 * that nobody is made to read for another; or no file.
 */
export type LinkRule = 'followed' | 'of_one_owner' | 'refused';

/**
 * Opens a file to read, if it is a regular one. Anything else is never waited for.
 *
 * Shapes: `identity` changes when the path is given to another file, and when the file is written to.
 * Errors: none; the problem is a value.
 */
export async function openRegularFile(path: string, links: LinkRule = 'followed'): Promise<OpenedFile> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a FIFO would hold the reader until somebody writes.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat({ bigint: true });
    const refused = links === 'followed' ? undefined : findRefusedLink(path, stats, links);
    if (refused !== undefined) {
      await file.close();
      return problem('no_permission', refused);
    }
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

/** Says why what was opened is not taken; what stands there may have been exchanged since, and is none then either. */
function findRefusedLink(path: string, opened: BigIntStats, links: Exclude<LinkRule, 'followed'>): string | undefined {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!there?.isSymbolicLink()) {
    const isSame = there?.ino === opened.ino && there.dev === opened.dev;
    return isSame ? undefined : 'another file took its place while it was opened';
  }
  if (links === 'refused') return 'a symbolic link stands at this path: put the file itself there';
  return there.uid === opened.uid ? undefined : 'a symbolic link of one user to a file of another is not followed';
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
