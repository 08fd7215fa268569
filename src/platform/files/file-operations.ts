import { constants, renameSync, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectoryNow } from './sync-directory-now.ts';

/** A file being written. */
export type WritableFile = {
  /** Writes some of the bytes at a place, or at the end of a file that is appended to, and answers how many. */
  readonly write: (bytes: Uint8Array, offset: number) => Promise<number>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** What stands at a path, links not followed; `mode` are its permission bits. */
export type Entry =
  | { readonly kind: 'missing' }
  | { readonly kind: 'file' | 'link' | 'directory' | 'other'; readonly mode: number };

/** Permission bits and, where it is known, the owner. */
export type Attributes = { readonly mode: number; readonly owner?: { readonly uid: number; readonly gid: number } };

/**
 * Every system call by which Salvor changes files that must outlive a crash, so that a test can stop between any two.
 * Errors: the system's, unchanged.
 */
export type FileOperations = {
  readonly makeDirectory: (path: string) => Promise<void>;
  /** Makes a new file, with these attributes if any are given; one that is there, or a link, is an error. */
  readonly create: (path: string, attributes?: Attributes) => Promise<WritableFile>;
  /** Opens a file at its end, or makes it; a link is an error. */
  readonly openEnd: (path: string) => Promise<WritableFile>;
  readonly link: (from: string, to: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Renames, and is durable when it returns: for a transaction, in which nothing may be waited for. */
  readonly renameNow: (from: string, to: string) => void;
  readonly remove: (path: string) => Promise<void>;
  readonly syncDirectory: (path: string) => Promise<void>;
  readonly list: (path: string) => Promise<readonly string[]>;
  readonly look: (path: string) => Promise<Entry>;
  /** Of what a path leads to; undefined where it leads to nothing. */
  readonly readAttributes: (path: string) => Promise<Attributes | undefined>;
};

/** At the end, and never through a link: the directory may be another user's. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** The system's calls. */
export const systemFileOperations: FileOperations = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  create: async (path, attributes) => {
    const file = await open(path, 'wx', attributes?.mode);
    if (attributes) await setAttributes(file, attributes);
    return wrap(file);
  },
  openEnd: async (path) => wrap(await open(path, APPEND, 0o644)),
  link,
  rename,
  renameNow(from, to) {
    renameSync(from, to);
    syncDirectoryNow(dirname(to));
  },
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
    const stats = await orMissing(lstat(path));
    return stats ? { kind: describeKind(stats), mode: stats.mode & 0o777 } : { kind: 'missing' };
  },
  readAttributes: async (path) => {
    const stats = await orMissing(stat(path));
    return stats && { mode: stats.mode & 0o777, owner: { uid: stats.uid, gid: stats.gid } };
  },
};

function wrap(file: FileHandle): WritableFile {
  return {
    write: async (bytes, offset) => (await file.write(bytes, 0, bytes.length, offset)).bytesWritten,
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

async function setAttributes(file: FileHandle, { mode, owner }: Attributes): Promise<void> {
  try {
    if (owner) await file.chown(owner.uid, owner.gid);
  } catch {
    // Only root can give a file away; the writer owns it then, as it owns everything else it writes.
  }
  // The process's mask has taken bits away.
  await file.chmod(mode);
}

async function orMissing(stats: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await stats;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function describeKind(stats: Stats): 'file' | 'link' | 'directory' | 'other' {
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isDirectory() ? 'directory' : 'other';
}
