/** A state directory with a real store in it, filled through the store's own functions. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { NativeStatus, UnitStatus } from '../../src/core/job/schema.ts';
import { type ProcessIdentity, readOwnIdentity } from '../../src/platform/process-probe.ts';
import type { HeldJob, JobStore } from '../../src/store/contract.ts';
import type { JobRecord } from '../../src/store/records.ts';
import type { Connection } from '../../src/store/sqlite/connection.ts';
import { changeStore, openStore } from '../../src/store/sqlite/database.ts';
import { makeHeldJob } from '../../src/store/sqlite/held-job.ts';
import { insertUnits } from '../../src/store/sqlite/import.ts';
import { insertJob, readJob, setStatus, updateRowsFile } from '../../src/store/sqlite/jobs.ts';
import { insertLease, type LeaseClaim } from '../../src/store/sqlite/leases.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import { makeUnitJournal } from '../../src/store/sqlite/unit-journal.ts';
import { lockPath } from '../../src/store/state-directory.ts';
import type { UnitEvent } from '../../src/store/unit-events.ts';
import { makeFolder } from './make-folder.ts';

/** The run token of a holder. Processes are found by it, and the tests may run twice at once on a machine. */
export function tokenOf(jobId: string, epoch: number): string {
  return `token-${process.pid}-${jobId}-${epoch}`;
}

/** What a job is to be; whatever is not given is unremarkable. */
export type JobSeed = {
  readonly id?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly status?: NativeStatus;
  /** One unit for each, with the keys `k1`, `k2` and so on. */
  readonly units?: readonly UnitStatus[];
  /** Other keys, in the order of the units. */
  readonly keys?: readonly string[];
  readonly spec?: unknown;
  /** When it was last active. */
  readonly atMs?: number;
};

/** The store stays open until the end of the scope (`await using`). */
export type TempState = AsyncDisposable & {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly addJob: (seed?: JobSeed) => JobRecord;
  /** Records a holder with the next epoch; it is this process unless something else is said. Takes no lock. */
  readonly hold: (job: JobRecord, change?: Partial<LeaseClaim>) => LeaseClaim;
  /** The store as somebody opens it, with a clock that stands still. Closed at the end of the scope. */
  readonly open: (nowMs?: number, identity?: ProcessIdentity) => JobStore;
  /** A job as the holder of an epoch has it who was recorded with `hold`; it has no lock. */
  readonly held: (job: JobRecord, epoch?: number) => HeldJob;
  /** The job as it is recorded now. */
  readonly reread: (job: JobRecord) => JobRecord;
};

/** When things of a seeded job happened. */
export const SEED_MS = Date.UTC(2026, 2, 1, 10, 0, 0);

/** Makes a state directory with an empty store. */
export async function makeTempState(): Promise<TempState> {
  const folder = await makeFolder();
  const path = folder.at('state');
  const database = openStore(path);
  // Nobody pulls the plug of a test: waiting for the disk would be most of its time.
  database.exec('PRAGMA synchronous=OFF');
  let made = 0;
  const epochs = new Map<number, number>();
  const stores: JobStore[] = [];
  const reread = (job: Pick<JobRecord, 'id'>) => {
    const record = readJob(database, job.id);
    if (!record) throw new Error(`job ${job.id} is not there`);
    return record;
  };
  return {
    path,
    database,
    reread,
    addJob(seed = {}) {
      made += 1;
      const id = seed.id ?? `b${String(made).padStart(10, '0')}`;
      mkdirSync(`${path}/jobs/${id}`, { recursive: true });
      const rowsPath = folder.at(`${id}.csv`);
      const rows = `id\n${(seed.units ?? []).map((_status, index) => `k${index + 1}\n`).join('')}`;
      writeFileSync(rowsPath, rows);
      changeStore(database, () => insertSeed(database, { ...seed, id, rowsPath, rows }));
      return reread({ id });
    },
    hold(job, change = {}) {
      const epoch = (epochs.get(job.seq) ?? 0) + 1;
      const claim: LeaseClaim = {
        jobSeq: job.seq,
        epoch,
        purpose: 'run',
        identity: readOwnIdentity(),
        runToken: tokenOf(job.id, epoch),
        principal: 'local:ops',
        atMs: SEED_MS,
        ...change,
      };
      epochs.set(job.seq, claim.epoch);
      insertLease(database, claim);
      return claim;
    },
    open(nowMs = SEED_MS, identity = readOwnIdentity()) {
      const store = openSqliteStore(path, { nowMs: () => nowMs, identity });
      stores.push(store);
      return store;
    },
    held(job, epoch = 1) {
      const audit = { atMs: SEED_MS, principal: 'local:ops', action: 'run', outcome: 'done', details: {} };
      const claim = { runToken: tokenOf(job.id, epoch), principal: 'local:ops', atMs: SEED_MS, audit };
      const connection: Connection = {
        stateDirectory: path,
        nowMs: () => SEED_MS,
        identity: readOwnIdentity,
        read: (look) => look(database),
        open: () => database,
        make: () => database,
        close: () => {},
      };
      return makeHeldJob(connection, { job, claim, epoch, earlierTokens: [], releaseLock: () => {} });
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store.close();
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Where the lock of a job is. */
export function lockOf(state: TempState, job: JobRecord): string {
  return lockPath(state.path, job.id);
}

type Inserted = JobSeed & { readonly id: string; readonly rowsPath: string; readonly rows: string };

function insertSeed(database: DatabaseSync, seed: Inserted): void {
  const { id, rowsPath, rows, units = [], atMs = SEED_MS } = seed;
  const seq = insertJob(database, {
    id,
    name: seed.name ?? id,
    kind: seed.kind ?? 'batch',
    spec: JSON.stringify(seed.spec ?? {}),
    rowsPath,
    atMs,
  });
  const inputs = units.map((_status, index) => ({
    number: index + 1,
    key: seed.keys?.[index] ?? `k${index + 1}`,
    dataJson: `{"id":"k${index + 1}"}`,
  }));
  insertUnits(database, seq, inputs);
  const journal = makeUnitJournal(database, seq, 1);
  journal.begin();
  for (const [index, status] of units.entries()) {
    for (const event of buildHistory(index + 1, status)) journal.append(event);
  }
  updateRowsFile(database, seq, {
    sha256: createHash('sha256').update(rows).digest('hex'),
    sizeBytes: Buffer.byteLength(rows),
  });
  setStatus(database, seq, seed.status ?? 'pending');
}

const ERROR = { code: 'E-3001', message: 'UPS API timeout' } as const;

/** How a unit gets into a state. A done unit has the receipt `1Z<number>`. */
export function buildHistory(number: number, status: UnitStatus): readonly UnitEvent[] {
  const atMs = SEED_MS + number;
  const intent: UnitEvent = { type: 'intent', number, attempt: 1, atMs };
  const histories: Readonly<Record<UnitStatus, readonly UnitEvent[]>> = {
    pending: [],
    in_doubt: [intent],
    done: [intent, { type: 'done', number, receipt: `1Z${number}`, atMs }],
    failed: [intent, { type: 'failed', number, error: ERROR, atMs }],
    needs_review: [intent, { type: 'unknown', number, error: ERROR, atMs }],
    skipped: [
      intent,
      { type: 'unknown', number, error: ERROR, atMs },
      { type: 'settled', number, as: 'skipped', reason: 'not wanted', atMs },
    ],
  };
  return histories[status];
}
