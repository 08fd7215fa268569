import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes the names in a directory durable. Errors: the system's. */
export function syncDirectoryNow(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
