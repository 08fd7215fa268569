import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { watchDirectory } from '../../src/platform/watch-directory.ts';
import { makeFolder } from '../helpers/make-folder.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** Watches a directory for files that begin with `db`. */
function follow(path: string) {
  let told = 0;
  const stop = watchDirectory(
    path,
    (name) => name.startsWith('db'),
    () => {
      told += 1;
    },
  );
  return {
    /** Does something and waits until it was told. */
    async hears(change: () => void) {
      const before = told;
      change();
      await waitFor('the change is told', () => told > before);
    },
    told: () => told,
    [Symbol.dispose]: stop,
  };
}

it('tells of files of a directory, and of no others', async () => {
  await using folder = await makeFolder();
  using watched = follow(folder.path);
  writeFileSync(folder.at('other'), '');
  await watched.hears(() => writeFileSync(folder.at('db-wal'), 'x'));
  expect(watched.told()).toBe(1);
});

it('waits for a directory that is not there yet, however deep, and goes on with what is in it', async () => {
  await using folder = await makeFolder();
  const path = folder.at('a/b/state');
  using watched = follow(path);
  await watched.hears(() => mkdirSync(path, { recursive: true }));
  await watched.hears(() => writeFileSync(`${path}/db`, 'x'));
});

it('follows a directory that is put aside and comes back', async () => {
  await using folder = await makeFolder();
  const path = folder.at('state');
  mkdirSync(path);
  using watched = follow(path);
  await watched.hears(() => rmSync(path, { recursive: true }));
  await watched.hears(() => mkdirSync(path));
  await watched.hears(() => writeFileSync(`${path}/db`, 'x'));
  await watched.hears(() => renameSync(path, folder.at('aside')));
});
