import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { policyJson } from '../../../../src/platform/checkpoint-formats/policy-json/policy-json.ts';
import { openDirectoryStore } from '../../../../src/platform/checkpoint-stores/directory/open-directory-store.ts';
import { makeFolder } from '../../../helpers/make-folder.ts';
import { describeStore, type StorePlace } from '../contract.ts';
import { makeFragileOperations } from './fragile-operations.ts';

async function makePlace(): Promise<StorePlace> {
  const folder = await makeFolder();
  const away = await makeFolder();
  return {
    open: () => openDirectoryStore(policyJson, folder.path, { waitMs: 1_000 }),
    openFragile(fault) {
      const { operations, calls } = makeFragileOperations(fault);
      return { store: openDirectoryStore(policyJson, folder.path, { waitMs: 0, operations }), steps: calls };
    },
    // The lock file is nobody's content.
    snapshot: async () =>
      readdirSync(folder.path)
        .filter((name) => !name.endsWith('.lock'))
        .sort()
        .map((name) => [name, readFileSync(folder.at(name), 'utf8'), statSync(folder.at(name)).mtimeMs]),
    damage: async (path) => truncateSync(path, 30),
    async copyAway(path) {
      const to = away.at('chosen.json');
      copyFileSync(path, to);
      return to;
    },
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
      await away[Symbol.asyncDispose]();
    },
  };
}

describeStore('directory', makePlace);
