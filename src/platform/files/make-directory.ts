import { dirname } from 'node:path';
import type { FileOperations } from './file-operations.ts';

/** Makes a directory and its missing parents durable. One that is there stays. Errors: the system's. */
export async function makeDirectory(operations: FileOperations, directory: string): Promise<void> {
  const parents: string[] = [];
  for (let path = directory; (await operations.look(path)).kind === 'missing'; path = dirname(path)) {
    parents.push(dirname(path));
  }
  if (parents.length === 0) return;
  await operations.makeDirectory(directory);
  for (const parent of parents) await operations.syncDirectory(parent);
}

/** The same where another user may have put anything: a link to a directory is none. Errors: the system's, and an Error. */
export async function makeDirectoryItself(operations: FileOperations, directory: string): Promise<void> {
  const { kind } = await operations.look(directory);
  if (kind === 'directory') return;
  if (kind !== 'missing') throw new Error(`${directory} is ${kind === 'link' ? 'a symbolic link' : 'no directory'}`);
  await makeDirectory(operations, directory);
}
