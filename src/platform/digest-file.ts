import { createHash, hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** SHA-256 of a file's bytes, in hex, and how many there were. */
export type FileDigest = { readonly sha256: string; readonly sizeBytes: number };

/** Larger reads than the platform's default: hashing is then bound by the hash. */
const READ_BYTES = 1024 * 1024;

/**
 * Digests a file of any size in constant memory. One that fits into a single read is digested at once.
 *
 * Errors: the system's, unchanged.
 */
export async function digestFile(path: string): Promise<FileDigest> {
  const stats = statSync(path);
  return stats.isFile() && stats.size <= READ_BYTES ? digestSmall(path) : digestLarge(path);
}

function digestSmall(path: string): FileDigest {
  const bytes = readFileSync(path);
  return { sha256: hash('sha256', bytes), sizeBytes: bytes.length };
}

async function digestLarge(path: string): Promise<FileDigest> {
  const { open } = await import('node:fs/promises');
  await using file = await open(path, 'r');
  const sum = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
    if (bytesRead === 0) return { sha256: sum.digest('hex'), sizeBytes };
    sum.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
}
