import { watch } from 'node:fs';

/** Changes that come together are told once. */
const QUIET_MS = 100;

/**
 * Calls back after a file of a directory may have changed; returns how to stop.
 *
 * Shapes: `isRelevant` is asked of the names of changed files.
 * Errors: none; a directory that is not there, or too many watches, is not watched: the operator looks again by key.
 */
export function watchDirectory(path: string, isRelevant: (name: string) => boolean, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  try {
    const watcher = watch(path, (_event, name) => {
      if (name !== null && !isRelevant(name)) return;
      // The first change of a burst starts the wait; the rest of the burst is told with it.
      timer ??= setTimeout(() => {
        timer = undefined;
        onChange();
      }, QUIET_MS);
    });
    watcher.on('error', () => watcher.close());
    return () => {
      clearTimeout(timer);
      watcher.close();
    };
  } catch {
    return () => {};
  }
}
