import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Changes that come together are told once. */
const QUIET_MS = 100;

/**
 * Calls back after a file of a directory may have changed; returns how to stop. A directory that is not there yet, or
 * that is taken away, is waited for: its coming is told too.
 *
 * Shapes: `isRelevant` is asked of the names of changed files.
 * Errors: none; what cannot be watched (too many watches) is not: whoever shows it looks again from time to time.
 */
export function watchDirectory(path: string, isRelevant: (name: string) => boolean, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  let isClosed = false;
  const tell = () => {
    // The first change of a burst starts the wait; the rest of the burst is told with it.
    timer ??= setTimeout(() => {
      timer = undefined;
      onChange();
    }, QUIET_MS);
  };
  const follow = (): void => {
    stop();
    if (isClosed) return;
    const place = findExisting(path);
    stop = watchOne(place.directory, (name) => {
      const isHere = place.awaited === undefined;
      if (isHere && (name === undefined || isRelevant(name))) tell();
      // It came, or went away, and something else is to be watched from now on.
      if (findExisting(path).directory !== place.directory) {
        tell();
        follow();
      }
    });
    // What came while the watch was being set up has told nobody.
    if (findExisting(path).directory !== place.directory) {
      tell();
      follow();
    }
  };
  follow();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    stop();
  };
}

/** The directory, or the nearest one above it that is there, with the name that is awaited in it. */
function findExisting(path: string): { readonly directory: string; readonly awaited?: string } {
  if (isDirectory(path) || dirname(path) === path) return { directory: path };
  const { directory } = findExisting(dirname(path));
  return { directory, awaited: basename(path) };
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

function watchOne(directory: string, onEvent: (name: string | undefined) => void): () => void {
  try {
    const watcher = watch(directory, (_event, name) => onEvent(name ?? undefined));
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
