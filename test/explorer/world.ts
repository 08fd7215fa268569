/** A real store with one job, its rows file beside it, and those who act on it. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { UnitStatus } from '../../src/core/job/schema.ts';
import type { BatchSpec } from '../../src/runner/kinds/batch/schema.ts';
import { readEpoch } from '../../src/store/sqlite/leases.ts';
import { storePath } from '../../src/store/state-directory.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';
import { type Cast, makeCast } from './cast.ts';
import type { LedgerEntry } from './thread-words.ts';
import type { Threads } from './threads.ts';

const JOB_ID = 'b0000000001';
/** Every key is the number of another row. */
const KEYS = ['3', '1', '2'];
const LEDGER = 'ledger.jsonl';
/** Whoever had the effects that there were at the beginning. */
const FORMER = { type: 'effect', by: 'R0', epoch: 1, current: 1, stopped: false } as const;

/**
 * What a job is like: its rows, those whose effect there was, whether a hook tells the truth of each, whether its file
 * says it all.
 */
export type JobShape = {
  readonly rows: readonly UnitStatus[];
  readonly effects?: readonly number[];
  readonly verify?: true;
  readonly writesBack?: true;
};

/** A folder that worlds are copies of. */
export type Template = AsyncDisposable & { readonly path: string };

export async function makeTemplate({ rows, effects = [], verify, writesBack }: JobShape): Promise<Template> {
  const state = await makeTempState();
  const folder = dirname(state.path);
  const spec: BatchSpec = {
    kind: 'batch',
    name: 'Shipping',
    directory: folder,
    rowsPath: join(folder, `${JOB_ID}.csv`),
    rowsFormat: 'csv',
    columns: ['id'],
    command: 'true',
    ...(verify && { verify: 'true' }),
    receipt: { field: 'tracking', label: 'tracking' },
    onError: 'halt',
    concurrency: 1,
    retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
    writeBack: writesBack ? [{ column: 'state', value: 'status' }] : [],
    env: {},
    params: {},
  };
  const status = rows.every((row) => row === 'pending') ? 'pending' : 'stopped';
  state.addJob({ id: JOB_ID, units: rows, keys: KEYS.slice(0, rows.length), status, spec });
  // It came to this before anybody held it.
  state.database.exec('UPDATE unit_events SET epoch = 0');
  const entries = effects.map((number) => ({ ...FORMER, key: `${JOB_ID}:1:${number}` }) satisfies LedgerEntry);
  writeFileSync(join(folder, LEDGER), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  state.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return { path: folder, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() };
}

/** One copy, and what happened in it. */
export type World = Cast & {
  /** The state directory, and the rows file beside it. */
  readonly path: string;
  readonly rowsPath: string;
  readonly jobId: string;
  readonly ledger: () => readonly LedgerEntry[];
  readonly epoch: () => number;
};

/** Copies the template to a file system in memory, where there is one. */
export function makeWorld(template: Template, threads: Threads): World {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'salvor-world-'));
  cpSync(template.path, base, { recursive: true });
  const path = join(base, 'state');
  const ledgerPath = join(base, LEDGER);
  const watch = new DatabaseSync(storePath(path));
  watch.exec('PRAGMA synchronous=OFF');
  const [from, to] = [template.path, base];
  watch.prepare('UPDATE jobs SET rows_path = replace(rows_path, ?1, ?2), spec = replace(spec, ?1, ?2)').run(from, to);
  const cast = makeCast(threads, { path, jobId: JOB_ID, ledgerPath }, SEED_MS + 3_600_000);
  return {
    ...cast,
    ...{ path, rowsPath: join(base, `${JOB_ID}.csv`), jobId: JOB_ID },
    ledger: () => readLedger(ledgerPath),
    epoch: () => readEpoch(watch, 1),
    async [Symbol.asyncDispose]() {
      await cast[Symbol.asyncDispose]();
      watch.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function readLedger(path: string): readonly LedgerEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerEntry);
}
