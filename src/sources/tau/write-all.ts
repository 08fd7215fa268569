import { writeSync } from 'node:fs';

/** Writes all of it: near a full disk a write may return a smaller count without an error. Errors: the system's. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written, bytes.length - written);
  }
}
