import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { makeFolder } from '../../helpers/make-folder.ts';
import { snapshotFiles } from '../contract/snapshot-files.ts';
import type { SourceWorld } from '../contract/source-world.ts';

/** A shelf with one job that died after its first item. */
export async function makeShelf(): Promise<SourceWorld> {
  const folder = await makeFolder();
  mkdirSync(folder.at('shelf'));
  await folder.write('shelf/shelf.json', '{}');
  const ledger = folder.at('ledger');
  let made = 0;
  const addJob = async (name: string): Promise<void> => {
    made += 1;
    const command = `echo "$SHELF_ITEM" >> '${ledger}'`;
    const items = { a: 'done', b: 'pending', c: 'pending' };
    const job = { name, status: 'running', active_ms: 1_770_000_000_000 + made, revision: 1, runs: 1, command, items };
    writeFileSync(folder.at(`shelf/${made}.job.json`), JSON.stringify(job));
  };
  await addJob('first');
  return {
    target: folder.at('shelf'),
    missing: folder.at('missing'),
    snapshot: async () => snapshotFiles(folder.path),
    async damage() {
      rmSync(folder.at('shelf'), { recursive: true });
      writeFileSync(folder.at('shelf'), 'shopping list');
    },
    addJob,
    keepsRefusals: false,
    effects: () => (existsSync(ledger) ? readFileSync(ledger, 'utf8').trimEnd().split('\n') : []),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
