import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyTauFixture } from '../../helpers/tau-directory.ts';
import { describeSource } from './describe-source.ts';
import { snapshotFiles } from './snapshot-files.ts';
import type { SourceWorld } from './source-world.ts';

/** A training that ended without a word, with a whole checkpoint. */
async function makeTauWorld(): Promise<SourceWorld> {
  const folder = copyTauFixture('crashed-primary');
  const ledger = join(dirname(folder.path), 'ledger');
  return {
    target: folder.path,
    missing: join(dirname(folder.path), 'missing'),
    snapshot: async () => snapshotFiles(dirname(folder.path)),
    async damage() {
      rmSync(folder.path, { recursive: true });
      writeFileSync(folder.path, 'shopping list');
    },
    keepsRefusals: false,
    effects: () => (existsSync(ledger) ? readFileSync(ledger, 'utf8').trimEnd().split('\n') : []),
    command: `echo "$SALVOR_CHECKPOINT_SOURCE" >> '${ledger}'`,
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}

describeSource('tau', makeTauWorld);
