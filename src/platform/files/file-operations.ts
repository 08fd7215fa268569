import type { Stats } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';

/** A file being written. */
export type WritableFile = {
  /** Writes some of the bytes at a place and answers how many. */
  readonly write: (bytes: Uint8Array, offset: number) => Promise<number>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** What stands at a path, links not followed; `mode` are its permission bits. */
export type Entry =
  | { readonly kind: 'missing' }
  | { readonly kind: 'file' | 'link' | 'directory' | 'other'; readonly mode: number };

/**
 * Every system call by which saving changes a directory, so that a test can stop between any two.
 * Errors: the system's, unchanged.
 */
export type FileOperations = {
  readonly makeDirectory: (path: string) => Promise<void>;
  /** Makes a new file, with these permission bits if any are given; one that is there, or a link, is an error. */
  readonly create: (path: string, mode?: number) => Promise<WritableFile>;
  readonly link: (from: string, to: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  readonly syncDirectory: (path: string) => Promise<void>;
  readonly list: (path: string) => Promise<readonly string[]>;
  readonly look: (path: string) => Promise<Entry>;
};

/** The system's calls. */
export const systemFileOperations: FileOperations = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  create: async (path, mode) => {
    const file = await open(path, 'wx', mode);
    // The process's mask has taken bits away.
    if (mode !== undefined) await file.chmod(mode);
    return {
      write: async (bytes, offset) => (await file.write(bytes, 0, bytes.length, offset)).bytesWritten,
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  link,
  rename,
  remove: unlink,
  syncDirectory: async (path) => {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  list: (path) => readdir(path),
  look: async (path) => {
    try {
      const stats = await lstat(path);
      return { kind: describeKind(stats), mode: stats.mode & 0o777 };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'missing' };
      throw error;
    }
  },
};

function describeKind(stats: Stats): 'file' | 'link' | 'directory' | 'other' {
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isDirectory() ? 'directory' : 'other';
}
