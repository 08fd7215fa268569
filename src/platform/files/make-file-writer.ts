import type { WritableFile } from './file-operations.ts';

type Output = Pick<WritableFile, 'write'>;

/** How much is collected before it is written. */
const BUFFER_BYTES = 1024 * 1024;

/** Writes a file from its start, whatever the sizes of the pieces. */
export type FileWriter = {
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** Writes what was collected. */
  readonly flush: () => Promise<void>;
};

/** Makes a writer of a new file. Errors: the system's, unchanged. */
export function makeFileWriter(file: Output): FileWriter {
  const buffer = new Uint8Array(BUFFER_BYTES);
  let filled = 0;
  let offset = 0;
  const flush = async () => {
    await writeAll(file, buffer.subarray(0, filled), offset);
    offset += filled;
    filled = 0;
  };
  return {
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + BUFFER_BYTES - filled);
        buffer.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === BUFFER_BYTES) await flush();
      }
    },
    flush,
  };
}

/** Writes all of it: near a full disk a write may return a smaller count without an error. Errors: the system's. */
export async function writeAll(file: Output, bytes: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += await file.write(bytes.subarray(written), offset + written);
  }
}
