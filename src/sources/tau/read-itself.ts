import { closeSync, constants, openSync, readFileSync } from 'node:fs';

/** Reads a file that is to be written again, and never through a link. Errors: the system's; ELOOP for a link. */
export function readItself(path: string): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
