// An import would copy all that `node:fs` has, and load the streams for it: a fifth of the time of a short command.
const { lstatSync, mkdirSync } = process.getBuiltinModule('node:fs');

/**
 * The directory of this user's own where compiled code is kept, made when it is not there, or undefined.
 *
 * What is in it is run. So it is never where another user can put something first, as in the directory for temporary
 * files, which is Node.js's own choice: every directory from the user's cache on is his, nobody else can write to it, and
 * none is a link.
 */
export function findCacheDirectory() {
  const { HOME = '', XDG_CACHE_HOME = '' } = process.env;
  const base = XDG_CACHE_HOME.startsWith('/') ? XDG_CACHE_HOME : HOME.startsWith('/') ? `${HOME}/.cache` : undefined;
  if (base === undefined || process.getuid === undefined) return undefined;
  const path = `${base}/salvor/compiled`;
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })) mkdirSync(path, { recursive: true, mode: 0o700 });
    const isOwn = isOnlyOurs(base, 0o022) && isOnlyOurs(`${base}/salvor`, 0o077) && isOnlyOurs(path, 0o077);
    return isOwn ? path : undefined;
  } catch {
    // A home that cannot be written to: without the cache a start takes a little longer.
    return undefined;
  }
}

/** Whether a path is a directory of this user, with none of these permission bits. */
function isOnlyOurs(path, forbiddenBits) {
  const stats = lstatSync(path);
  return stats.isDirectory() && stats.uid === process.getuid() && (stats.mode & forbiddenBits) === 0;
}
