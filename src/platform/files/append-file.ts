import { dirname } from 'node:path';
import type { FileOperations } from './file-operations.ts';
import { writeAll } from './make-file-writer.ts';

/** Appends bytes to a file and syncs it, and its directory when the file is new. Errors: the system's. */
export async function appendFile(operations: FileOperations, path: string, bytes: Uint8Array): Promise<void> {
  const isNew = (await operations.look(path)).kind === 'missing';
  const file = await operations.openEnd(path);
  try {
    await writeAll(file, bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  if (isNew) await operations.syncDirectory(dirname(path));
}
