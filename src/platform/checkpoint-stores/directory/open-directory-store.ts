import type { ReadFacts } from '../../../core/checkpoint/format.ts';
import { loadNewest } from '../../../core/checkpoint/load-newest.ts';
import type { ValidCheckpoint } from '../../../core/checkpoint/schema.ts';
import type { CheckpointStore, KeptFormat } from '../../../core/checkpoint/store.ts';
import { type FileOperations, systemFileOperations } from '../../files/file-operations.ts';
import { hostFiles } from '../../files/host-files.ts';
import { makeJudgedFiles } from './judged-files.ts';
import { layoutOf } from './layout.ts';
import { restoreCheckpoint } from './restore-checkpoint.ts';
import { saveCheckpoint } from './save-checkpoint.ts';

/** How long another saver of the same directory is waited for, and by which system calls a directory is changed. */
export type DirectoryStoreOptions = { readonly waitMs: number; readonly operations?: FileOperations };

/**
 * Opens a directory that keeps two generations: the primary and, beside it, the one before. Nothing is read or made
 * until it is asked for.
 *
 * Errors: none.
 */
export function openDirectoryStore<Facts extends ReadFacts, Valid extends ValidCheckpoint>(
  format: KeptFormat<Facts, Valid>,
  directory: string,
  { waitMs, operations = systemFileOperations }: DirectoryStoreOptions,
): CheckpointStore<Facts, Valid> {
  const layout = layoutOf(directory, format.fileName);
  const options = { layout, judged: makeJudgedFiles(format), operations, waitMs };
  const primary = { source: 'primary', path: layout.primary } as const;
  const generations = [primary, { source: 'fallback', path: layout.fallback }] as const;
  return {
    generations: () => generations,
    load: ({ fallback }) => loadNewest(format, hostFiles, fallback ? generations : [primary]),
    save: (content) => saveCheckpoint(options, content),
    restore: (from) => restoreCheckpoint(format, options, from),
  };
}
