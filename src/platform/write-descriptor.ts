import { fstatSync, writeSync } from 'node:fs';

/** What a terminal says that is gone; of a disk it is a fault. */
const GONE: ReadonlySet<unknown> = new Set(['EIO', 'ENXIO']);

/**
 * Writes a text to a file descriptor, all of it, at once: when it returns, the reader has it or the kernel does.
 * Without a stream, whose loading costs a short command a tenth of its time.
 *
 * Returns false when nobody reads any more. Errors: the system's, but for a closed pipe or terminal.
 */
export function writeDescriptor(descriptor: number, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EPIPE' || (GONE.has(code) && isDevice(descriptor))) return false;
      if (code !== 'EAGAIN') throw error;
      // Somebody made the pipe non-blocking and its reader is slow: wait a moment without spinning.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}

function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}
