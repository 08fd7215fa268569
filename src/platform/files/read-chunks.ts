import type { OpenFile } from '../../core/checkpoint/format.ts';
import type { ByteRange } from '../../core/checkpoint/schema.ts';

/** Large enough that reading costs little beside checking, small enough to stay in a processor's cache. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads a part of a file, chunk by chunk in constant memory; the next chunk is read while one is looked at.
 *
 * Shapes: a chunk is good until the next one is asked for. A file that ends before the range ends the chunks.
 * Errors: the system's, unchanged.
 */
export async function* readChunks(file: Pick<OpenFile, 'read'>, range: ByteRange): AsyncGenerator<Uint8Array> {
  const end = range.endOffset;
  let offset = range.startOffset;
  const chunkBytes = Math.min(CHUNK_BYTES, end - offset);
  let spare = Buffer.allocUnsafeSlow(chunkBytes);
  let filling = Buffer.allocUnsafeSlow(chunkBytes);
  const read = (into: Buffer<ArrayBuffer>, from: number) =>
    file.read(into.subarray(0, Math.min(chunkBytes, end - from)), from);
  let pending = offset < end ? read(filling, offset) : undefined;
  try {
    while (pending !== undefined) {
      const bytesRead = await pending;
      pending = undefined;
      if (bytesRead === 0) return;
      const full = filling;
      offset += bytesRead;
      filling = spare;
      spare = full;
      if (offset < end) pending = read(filling, offset);
      yield full.subarray(0, bytesRead);
    }
  } finally {
    // Whoever stops early closes the file next: nothing may be reading from it then.
    await pending?.catch(() => undefined);
  }
}
