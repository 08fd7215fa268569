import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** SHA-256 of a file's bytes, in hex, and how many there were. */
export type FileDigest = { readonly sha256: string; readonly sizeBytes: number };

/** Larger reads than the platform's default: hashing is then bound by the hash. */
const READ_BYTES = 1024 * 1024;

/**
 * Digests a file of any size in constant memory.
 *
 * Errors: the system's, unchanged.
 */
export async function digestFile(path: string): Promise<FileDigest> {
  await using file = await open(path, 'r');
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
}
