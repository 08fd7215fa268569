import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { startPostgres } from '../../test/services/helpers/postgres-server.ts';
import type { Bench } from '../measure/bench.ts';
import { interleave } from '../measure/interleave.ts';
import { compare, type Result } from '../measure/result.ts';
import { runBatch } from '../measure/run-batch.ts';
import { cleanEnvironment } from '../measure/run-program.ts';
import { startFile, stateOf, writeBatch } from '../state/make-batch.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

/** Programs of this kind; what is measured is what npm has of these versions. */
const PEERS = { dbos: '@dbos-inc/dbos-sdk@5.3.0', 'graphile-worker': 'graphile-worker@0.18.0' } as const;
const PROGRAMS = path.join(import.meta.dirname, '../programs');
const WORKER = `${process.execPath} ${path.join(PROGRAMS, 'worker.mjs')}`;
const MANY = 256;
const MORE_ROWS = 4;

/**
 * Durable rows per second against DBOS Transact and graphile-worker, on the same PostgreSQL with fsync on. Salvor's rows
 * go through a worker in a process of its own; theirs are functions that do nothing.
 */
export const peers: Bench = {
  name: 'peers',
  async run({ peerPairs, peerRows }) {
    using packages = makeTemporaryFolder();
    install(packages.path);
    using server = await startPostgres();
    const places = { SQLite: undefined, PostgreSQL: server.url } as const;
    const results: Result[] = [];
    for (const peer of Object.keys(PEERS)) {
      for (const [atOnce, goal] of [[1, 3] as const, [MANY, 8] as const]) {
        const rowCount = atOnce === 1 ? peerRows : peerRows * MORE_ROWS;
        const theirs = () => runPeer(peer, [packages.path, server.url, String(rowCount), String(atOnce)]);
        for (const [place, url] of Object.entries(places)) {
          const ours = () => runRows({ rowCount, concurrency: atOnce, url });
          const name = `rows/s on ${place}, ${atOnce === 1 ? 'one' : atOnce} at a time`;
          const how = { against: peer, goal: { atLeast: goal }, measuredIn: 'rows/s' } as const;
          results.push(compare(name, await interleave(ours, theirs, peerPairs), how));
        }
      }
    }
    return results;
  },
};

function install(folder: string): void {
  const words = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', ...Object.values(PEERS)];
  execFileSync('npm', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function runPeer(peer: string, words: readonly string[]): number {
  const program = path.join(PROGRAMS, 'peers', `${peer}.mjs`);
  const text = execFileSync(process.execPath, [program, ...words], { encoding: 'utf8', env: cleanEnvironment() });
  return Number(text.trim().split('\n').at(-1));
}

type Rows = { readonly rowCount: number; readonly concurrency: number; readonly url: string | undefined };

/** Runs a whole batch, the worker's start and the job's end included. Answers rows per second. */
async function runRows({ rowCount, concurrency, url }: Rows): Promise<number> {
  using folder = makeTemporaryFolder();
  const file = writeBatch(folder.path, { rowCount, worker: WORKER, concurrency });
  const job = await startFile(url ?? stateOf(folder.path), file);
  return await runBatch(job, rowCount);
}
