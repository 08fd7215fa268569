/** A real batch whose effects are lines of a ledger, with a state directory of its own. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findOrphans } from '../../src/platform/find-orphans.ts';
import { type Folder, makeFolder } from './make-folder.ts';
import { type Ended, type RunningSalvor, runSalvor, type StartOptions, startSalvor } from './salvor.ts';
import { queryStore } from './state.ts';
import { waitFor } from './wait-for.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/batch/ledger', import.meta.url));

/** How the row of a key ends once; see the fixture. */
export type Act = 'before' | 'torn' | 'pause' | 'hold' | 'stubborn' | 'forked' | 'refuse' | 'recant';

export type LedgerOptions = {
  readonly rowCount?: number;
  /** Other keys than k1, k2 and so on. */
  readonly keys?: readonly string[];
  readonly kind?: 'command' | 'worker';
  readonly verify?: boolean;
  readonly concurrency?: number;
  readonly name?: string;
  /** The URL of a store; a state directory in the job's folder when there is none. */
  readonly store?: string;
  /** More lines of the job file. */
  readonly more?: string;
};

/** The job in its folder. Rows have the keys k1, k2 and so on. */
export type LedgerJob = AsyncDisposable & {
  readonly folder: Folder;
  readonly state: string;
  readonly rowCount: number;
  /** Says how rows end, by key. */
  readonly act: (acts: Readonly<Record<string, Act>>) => void;
  /** Whether the row of a key has not read yet how it ends. */
  readonly willAct: (key: string) => boolean;
  readonly forgetActs: () => void;
  /** Lets rows that wait go on. */
  readonly go: () => void;
  /** Runs Salvor on the state directory. */
  readonly salvor: (args: readonly string[], options?: StartOptions) => Promise<Ended>;
  readonly start: (args: readonly string[], options?: StartOptions) => RunningSalvor;
  /** Lines of the ledger: one for every effect. */
  readonly ledger: () => readonly string[];
  /** Number of the newest event of a unit's journal, by type. */
  readonly events: (type: string) => readonly number[];
  readonly jobId: () => string;
  /** By these the processes of its runs are known. */
  readonly runTokens: () => readonly string[];
};

/** Makes the job; nothing is started. */
export async function makeLedgerJob(options: LedgerOptions = {}): Promise<LedgerJob> {
  const { keys = Array.from({ length: options.rowCount ?? 5 }, (_, index) => `k${index + 1}`) } = options;
  const rowCount = keys.length;
  const folder = await makeFolder({ 'job.yaml': formatJobFile(options), 'rows.csv': formatRows(keys) });
  cpSync(FIXTURE, folder.path, { recursive: true });
  mkdirSync(folder.at('act'));
  const state = options.store ?? folder.at('state');
  const inFolder = (args: readonly string[], more?: StartOptions) =>
    [[...args, '--state', state], { cwd: folder.path, ...more }] as const;
  const job: LedgerJob = {
    folder,
    state,
    rowCount,
    act: (acts) => {
      for (const [key, act] of Object.entries(acts)) writeFileSync(folder.at(`act/${key}`), `${act}\n`);
    },
    willAct: (key) => existsSync(folder.at(`act/${key}`)),
    forgetActs: () => {
      for (const name of readdirSync(folder.at('act'))) rmSync(folder.at(`act/${name}`), { force: true });
    },
    go: () => writeFileSync(folder.at('go'), ''),
    salvor: (args, more) => runSalvor(...inFolder(args, more)),
    start: (args, more) => startSalvor(...inFolder(args, more)),
    ledger: () =>
      existsSync(folder.at('ledger')) ? readFileSync(folder.at('ledger'), 'utf8').trimEnd().split('\n') : [],
    events: (type) =>
      queryStore(state, 'SELECT number FROM unit_events WHERE event = ? ORDER BY job_seq, sequence', type).map((row) =>
        Number(row['number']),
      ),
    jobId: () => String(queryStore(state, 'SELECT id FROM jobs ORDER BY seq DESC LIMIT 1')[0]?.['id']),
    runTokens: () => {
      try {
        return queryStore(state, 'SELECT run_token FROM leases').map((row) => String(row['run_token']));
      } catch {
        // A store that was made unusable on purpose.
        return [];
      }
    },
    [Symbol.asyncDispose]: async () => {
      // What still waits sees this and ends by itself.
      job.go();
      await waitFor('nothing of it is left', () => findOrphans(job.runTokens()).length === 0);
      await folder[Symbol.asyncDispose]();
    },
  };
  return job;
}

function formatJobFile({ kind = 'command', verify = false, concurrency = 1, name, more = '' }: LedgerOptions): string {
  const lines = [
    'kind: batch',
    `name: ${name ?? 'Shipping'}`,
    'rows: rows.csv',
    'key: id',
    kind === 'command' ? 'command: ./ship.sh' : 'worker: node ship-worker.mjs',
    'receipt: {field: tracking_number, label: tracking}',
    `concurrency: ${concurrency}`,
    ...(verify ? ['verify: ./lookup.sh'] : []),
    more,
  ];
  return `${lines.join('\n')}\n`;
}

function formatRows(keys: readonly string[]): string {
  return `id,customer\n${keys.map((key, index) => `${key},Customer ${index + 1}\n`).join('')}`;
}
