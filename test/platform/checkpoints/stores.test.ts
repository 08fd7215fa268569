import { expect, test } from 'vitest';
import { policyJson } from '../../../src/platform/checkpoint-formats/policy-json/policy-json.ts';
import { openDirectoryStore } from '../../../src/platform/checkpoint-stores/directory/open-directory-store.ts';
import { type KnownStore, openStore, STORES } from '../../../src/platform/checkpoints/stores.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

const TOY = 'toy://';
/** Keeps what it is given in a directory named after the target. */
const toyStore = (root: string): KnownStore => ({
  name: 'toy',
  recognises: (target) => target.startsWith(TOY),
  open: (format, target, options) => openDirectoryStore(format, `${root}/${target.slice(TOY.length)}`, options),
});

test('openStore: a place is known by one line of the registry, and any other target is a directory', async () => {
  await using folder = await makeFolder();
  const stores = [toyStore(folder.path), ...STORES];
  const open = (target: string) => openStore(policyJson, target, { waitMs: 0, stores }).generations()[0]?.path;
  expect(open('toy://run-1')).toBe(folder.at('run-1/policy-checkpoint.json'));
  expect(open(folder.path)).toBe(folder.at('policy-checkpoint.json'));
});
