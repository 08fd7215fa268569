import { mkdirSync, statSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemFileOperations } from '../../../src/platform/files/file-operations.ts';
import { makeDirectory, makeDirectoryItself } from '../../../src/platform/files/make-directory.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

test('makeDirectory: every parent of a directory that was made is synced, and none when it was there', async () => {
  await using folder = await makeFolder();
  const synced: string[] = [];
  const operations = {
    ...systemFileOperations,
    syncDirectory(path: string) {
      synced.push(path);
      return systemFileOperations.syncDirectory(path);
    },
  };
  await makeDirectory(operations, folder.at('a/b/c'));
  expect(statSync(folder.at('a/b/c')).isDirectory()).toBe(true);
  expect(synced).toEqual([folder.at('a/b'), folder.at('a'), folder.path]);
  await makeDirectory(operations, folder.at('a/b/c'));
  expect(synced).toHaveLength(3);
});

test('makeDirectoryItself: a link to a directory is none, nor is a file', async () => {
  await using folder = await makeFolder({ file: '' });
  mkdirSync(folder.at('real'));
  symlinkSync(folder.at('real'), folder.at('link'));
  await expect(makeDirectoryItself(systemFileOperations, folder.at('link'))).rejects.toThrow('is a symbolic link');
  await expect(makeDirectoryItself(systemFileOperations, folder.at('file'))).rejects.toThrow('is no directory');
  await makeDirectoryItself(systemFileOperations, folder.at('real'));
});
