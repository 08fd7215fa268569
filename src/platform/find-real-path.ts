import { realpathSync } from 'node:fs';

/** The path without links; of what cannot be followed, the path as it is. Errors: none. */
export function findRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
