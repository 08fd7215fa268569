import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stageFile } from '../../../src/platform/files/stage-file.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

test('stageFile: the file is its owner’s alone and takes its place when it is published', async () => {
  await using folder = await makeFolder({ mark: 'old' });
  const staged = stageFile(folder.at('mark'), 'new');
  expect(readFileSync(folder.at('mark'), 'utf8')).toBe('old');
  staged.publish();
  expect(readFileSync(folder.at('mark'), 'utf8')).toBe('new');
  expect(statSync(folder.at('mark')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(['mark']);
});

test('stageFile: what is discarded, or cannot be put in its place, leaves nothing but the old file', async () => {
  await using folder = await makeFolder({ mark: 'old' });
  stageFile(folder.at('mark'), 'new').discard();
  expect(readdirSync(folder.path)).toEqual(['mark']);
  mkdirSync(folder.at('taken'));
  const staged = stageFile(folder.at('taken'), 'new');
  expect(staged.publish).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  staged.discard();
  expect(readdirSync(folder.path).sort()).toEqual(['mark', 'taken']);
  expect(readFileSync(folder.at('mark'), 'utf8')).toBe('old');
});
