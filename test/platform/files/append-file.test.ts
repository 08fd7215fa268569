import { readFileSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { appendFile } from '../../../src/platform/files/append-file.ts';
import { systemFileOperations } from '../../../src/platform/files/file-operations.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

test('appendFile: makes a file and goes on at its end, also where a write is short', async () => {
  await using folder = await makeFolder();
  const short = {
    ...systemFileOperations,
    async openEnd(path: string) {
      const file = await systemFileOperations.openEnd(path);
      return { ...file, write: (bytes: Uint8Array, offset: number) => file.write(bytes.subarray(0, 3), offset) };
    },
  };
  await appendFile(short, folder.at('log'), Buffer.from('one line\n'));
  await appendFile(short, folder.at('log'), Buffer.from('another\n'));
  expect(readFileSync(folder.at('log'), 'utf8')).toBe('one line\nanother\n');
});

test('appendFile: nothing is written through a link', async () => {
  await using folder = await makeFolder({ victim: 'precious' });
  symlinkSync(folder.at('victim'), folder.at('log'));
  await expect(appendFile(systemFileOperations, folder.at('log'), Buffer.from('x'))).rejects.toMatchObject({
    code: 'ELOOP',
  });
  expect(readFileSync(folder.at('victim'), 'utf8')).toBe('precious');
});
