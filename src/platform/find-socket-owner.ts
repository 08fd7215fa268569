import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process, and the user it belongs to. */
export type SocketOwner = { readonly pid: number; readonly uid: number };

/** The flag of a socket that takes connections, as the kernel prints it. */
const LISTENING = '00010000';

/**
 * Finds the process that listens on an abstract socket, by what the kernel says and not by what the process does.
 *
 * Shapes: `name` is without its leading NUL; undefined when nobody listens, or when it cannot be seen from here: a process
 *         of another user, or in another pid namespace.
 * Errors: none.
 * Source: proc(5), /proc/net/unix and /proc/PID/fd.
 */
export function findSocketOwner(name: string): SocketOwner | undefined {
  const inode = findInode(name);
  if (inode === undefined) return undefined;
  const link = `socket:[${inode}]`;
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const pid = pids.find((candidate) => holdsLink(`/proc/${candidate}/fd`, link));
  const stats = pid === undefined ? undefined : statSync(`/proc/${pid}`, { throwIfNoEntry: false });
  return stats && { pid: Number(pid), uid: stats.uid };
}

function findInode(name: string): string | undefined {
  try {
    const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const fields = lines.map((line) => line.trim().split(/\s+/));
    return fields.find(([, , , flags, , , , path]) => flags === LISTENING && path === `@${name}`)?.[6];
  } catch {
    return undefined;
  }
}

function holdsLink(directory: string, link: string): boolean {
  try {
    return readdirSync(directory).some((descriptor) => readLink(`${directory}/${descriptor}`) === link);
  } catch {
    // It is gone, or another user's.
    return false;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
