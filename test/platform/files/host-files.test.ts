import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SIGHT_BYTES } from '../../../src/core/checkpoint/format.ts';
import { hostFiles } from '../../../src/platform/files/host-files.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

test('hostFiles: a look sees the beginning of a file, the names of a directory, and that the rest is neither', async () => {
  await using folder = await makeFolder({ large: 'x'.repeat(SIGHT_BYTES + 1) });
  mkdirSync(folder.at('directory'));
  await folder.write('directory/a', '');
  execFileSync('mkfifo', [folder.at('fifo')]);
  symlinkSync(folder.at('nowhere'), folder.at('dangling'));
  const look = (name: string) => hostFiles.look(folder.at(name));
  const large = await look('large');
  expect(large).toMatchObject({ kind: 'file', sizeBytes: SIGHT_BYTES + 1 });
  expect(large.firstBytes).toHaveLength(SIGHT_BYTES);
  expect(await look('directory')).toMatchObject({ kind: 'directory', names: ['a'] });
  expect((await look('fifo')).kind).toBe('other');
  expect((await look('dangling')).kind).toBe('other');
  expect((await look('none')).kind).toBe('missing');
});
