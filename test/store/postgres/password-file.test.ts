import { chmodSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findPassword } from '../../../src/store/postgres/password-file.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

const LINES = `# db1:5432:jobs:op:comment
db1:5432:jobs:op:pa\\:ss\\\\word
db1:*:*:other:any
*:*:*:op:last
`;
const ASKED = { host: 'db1', port: 5432, database: 'jobs', user: 'op' };

test('findPassword: the first line that fits has it, with what a backslash keeps', async () => {
  await using folder = await makeFolder();
  const path = folder.at('.pgpass');
  writeFileSync(path, LINES, { mode: 0o600 });
  expect(findPassword(path, ASKED)).toBe('pa:ss\\word');
  expect(findPassword(path, { ...ASKED, port: 1 })).toBe('last');
  expect(findPassword(path, { ...ASKED, user: 'other', port: 9 })).toBe('any');
  expect(findPassword(path, { ...ASKED, user: 'nobody' })).toBeUndefined();
});

test('findPassword: a file that others may read, or that is not there, has none', async () => {
  await using folder = await makeFolder();
  const path = folder.at('.pgpass');
  writeFileSync(path, LINES);
  chmodSync(path, 0o644);
  expect(findPassword(path, ASKED)).toBeUndefined();
  expect(findPassword(folder.at('nothing'), ASKED)).toBeUndefined();
});
