import { closeSync, constants, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

/** From this size on a log starts anew; one older file is kept. */
const ROTATE_BYTES = 16 * 1024 * 1024;

/** Where the lines of a job's commands go. They are raw: whoever shows them makes them safe. */
export type RunLog = { readonly write: (line: string) => void; readonly close: () => void };

/**
 * Opens a job's log for appending. A log that cannot be written never stops a job: its lines are dropped.
 *
 * Errors: none.
 */
export function openRunLog(path: string): RunLog {
  try {
    return openForAppending(path);
  } catch {
    return { write: () => {}, close: () => {} };
  }
}

function openForAppending(path: string): RunLog {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > ROTATE_BYTES) renameSync(path, `${path}.1`);
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if (!fstatSync(descriptor).isFile()) {
    closeSync(descriptor);
    throw new Error(`${path} is not a file`);
  }
  let writtenBytes = sizeBytes > ROTATE_BYTES ? 0 : sizeBytes;
  return {
    write(line) {
      if (writtenBytes > ROTATE_BYTES * 2) return;
      try {
        writtenBytes += writeSync(descriptor, `${line}\n`);
      } catch {
        // The disk is full: results matter, log lines do not.
      }
    },
    close: () => closeSync(descriptor),
  };
}
