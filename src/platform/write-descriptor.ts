import { writeSync } from 'node:fs';

/** A pipe without a reader, and a terminal that is gone. */
const NOBODY_READS: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO', 'ENXIO']);

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
      if (NOBODY_READS.has(code)) return false;
      if (code !== 'EAGAIN') throw error;
      // Somebody made the pipe non-blocking and its reader is slow: wait a moment without spinning.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}
