import type { Attributes, FileOperations, WritableFile } from './file-operations.ts';

/** A file that is to take another's place: its temporary name, and what it is to be like. */
export type Beside = { readonly temporary: string; readonly attributes?: Attributes | undefined };

/**
 * Writes a new file under a temporary name and syncs it, so that only a rename is left to be done.
 *
 * Errors: those of `write` and the system's; nothing is left then, and nothing is tried again after a failed sync.
 * Source: design, rule 4 (saving).
 */
export async function writeBeside<Written>(
  operations: FileOperations,
  { temporary, attributes }: Beside,
  write: (file: WritableFile) => Promise<Written>,
): Promise<Written> {
  const file = await operations.create(temporary, attributes);
  try {
    try {
      const written = await write(file);
      await file.sync();
      return written;
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeBeside(operations, temporary);
    throw error;
  }
}

/** Removes it again. The first error is the one to tell; a file that stays is a leftover the next writer removes. */
export async function removeBeside(operations: FileOperations, temporary: string): Promise<void> {
  await operations.remove(temporary).catch(() => undefined);
}
