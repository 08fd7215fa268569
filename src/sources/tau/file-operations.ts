import { closeSync, constants, existsSync, fsyncSync, lstatSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile, syncDirectory } from '../../platform/atomic-file.ts';
import { writeAll } from './write-all.ts';

/**
 * Every operation by which an action changes a directory, so that a test can stop before any of them.
 * Errors: the system's, unchanged.
 */
export type TauFileOperations = {
  /** The whole old file or the whole new one, whatever happens. */
  readonly replace: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Appends in one write and syncs. */
  readonly append: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Gives a file, or whatever stands there, another name; nothing may have that name yet. */
  readonly setAside: (path: string, to: string) => Promise<void>;
  /** A link to a directory is none. */
  readonly makeDirectory: (path: string) => Promise<void>;
};

/** At the end, and never through a link: the directory may be another user's. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** The system's. */
export const systemTauOperations: TauFileOperations = {
  replace: (path, bytes) => replaceFile(path, (write) => write(bytes)),
  async append(path, bytes) {
    const isNew = !existsSync(path);
    const descriptor = openSync(path, APPEND, 0o644);
    try {
      writeAll(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (isNew) syncDirectory(dirname(path));
  },
  async setAside(path, to) {
    renameSync(path, to);
    syncDirectory(dirname(to));
    syncDirectory(dirname(path));
  },
  async makeDirectory(path) {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true) return;
    if (there) throw new Error(`${path} is ${there.isSymbolicLink() ? 'a symbolic link' : 'no directory'}`);
    const first = mkdirSync(path, { recursive: true });
    syncDirectory(dirname(path));
    if (first !== undefined) syncDirectory(dirname(first));
  },
};
