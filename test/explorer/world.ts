/**
 * A real store with one job, and those who act on it: runners, persons, whoever cancels or writes back, each in a
 * thread of its own; and what befalls them: a kill, a request to stop, time that passes.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { UnitStatus } from '../../src/core/job/schema.ts';
import type { BatchSpec } from '../../src/runner/job-file/schema.ts';
import { storePath } from '../../src/store/database.ts';
import { readEpoch } from '../../src/store/leases.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';
import type { Actor } from './schedule.ts';
import { type ActorNews, CLOCK, type LedgerEntry, type Part } from './thread-words.ts';
import type { Thread, Threads } from './threads.ts';

const JOB_ID = 'b0000000001';
/** Every key is the number of another row. */
const KEYS = ['3', '1', '2'];
const LEDGER = 'ledger.jsonl';
/** Whoever had the effects that there were at the beginning. */
const FORMER = { type: 'effect', by: 'R0', epoch: 1, current: 1, stopped: false } as const;
/** A heartbeat so old counts for nothing across hosts. */
const LONG_MS = 600_000;

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

/** How an actor came out: nothing while it has not begun, `dead` when it was killed. */
export type Outcome = { readonly part: Part; state: 'waiting' | 'acting' | 'ended' | 'dead'; end?: string };

/** One copy, and what happened in it. */
export type World = AsyncDisposable & {
  /** The state directory, and the rows file beside it. */
  readonly path: string;
  readonly rowsPath: string;
  readonly jobId: string;
  readonly ledger: () => readonly LedgerEntry[];
  /** Every code somebody was refused or ended with. */
  readonly codes: readonly string[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly epoch: () => number;
  readonly actor: (name: string, part: Part) => Actor;
  /** An actor that begins once an event befell, or another has ended. */
  readonly actorAfter: (before: string, name: string, part: Part) => Actor;
  /** Ends an actor where it stands. */
  readonly killer: (name: string, victim: string) => Actor;
  /** Asks an actor to stop, as SIGTERM and the console do. */
  readonly stopper: (name: string, victim: string) => Actor;
  /** Lets ten minutes pass. */
  readonly time: (name: string) => Actor;
  /** Plays a part from its beginning to its end, with nobody in between. */
  readonly playAlone: (part: Part) => Promise<void>;
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
  const clock = new Float64Array(new SharedArrayBuffer(8));
  clock[CLOCK] = SEED_MS + 3_600_000;
  const codes: string[] = [];
  const outcomes = new Map<string, Outcome>();
  const playing = new Map<string, Thread>();

  const hear = (name: string, news: ActorNews): string => {
    if (news.type === 'gate') return news.label;
    const outcome = outcomes.get(name);
    // What the dead say is heard by nobody.
    if (outcome?.state !== 'dead') codes.push(...news.codes);
    if (outcome && outcome.state !== 'dead') outcome.state = 'ended';
    if (outcome && news.end !== undefined) outcome.end = news.end;
    const thread = playing.get(name);
    if (thread) threads.giveBack(thread);
    playing.delete(name);
    return outcome?.state === 'dead' ? 'dead' : 'end';
  };
  const begin = async (name: string, part: Part, isFree: boolean): Promise<string> => {
    outcomes.set(name, { part, state: 'acting' });
    const thread = threads.take();
    playing.set(name, thread);
    return hear(name, await thread.begin({ name, part, path, jobId: JOB_ID, ledgerPath, clock, isFree }));
  };
  const over = new Set<string>();
  const once = (name: string, canMove: () => boolean, act: () => Promise<void> | void): Actor => {
    let isOver = false;
    return {
      name,
      isEvent: true,
      canMove: () => !isOver && canMove(),
      async move() {
        isOver = true;
        over.add(name);
        await act();
        return 'end';
      },
    };
  };
  const kill = async (name: string): Promise<void> => {
    const outcome = outcomes.get(name);
    const thread = playing.get(name);
    if (outcome) outcome.state = 'dead';
    if (thread) hear(name, await thread.die());
  };
  const actor = (name: string, part: Part): Actor => {
    outcomes.set(name, { part, state: 'waiting' });
    return {
      name,
      canMove: () => ['waiting', 'acting'].includes(outcomes.get(name)?.state ?? ''),
      async move() {
        const thread = playing.get(name);
        return thread ? hear(name, await thread.go()) : begin(name, part, false);
      },
    };
  };
  return {
    ...{ path, rowsPath: join(base, `${JOB_ID}.csv`), jobId: JOB_ID, codes, outcomes },
    ledger: () => readLedger(ledgerPath),
    epoch: () => readEpoch(watch, 1),
    actor,
    actorAfter(before, name, part) {
      const late = actor(name, part);
      const isBegun = () => over.has(before) || ['ended', 'dead'].includes(outcomes.get(before)?.state ?? '');
      return { ...late, canMove: () => isBegun() && late.canMove() };
    },
    killer: (name, victim) =>
      once(
        name,
        () => playing.has(victim),
        () => kill(victim),
      ),
    stopper: (name, victim) =>
      once(
        name,
        () => playing.has(victim),
        () => playing.get(victim)?.askToStop(),
      ),
    time: (name) =>
      once(
        name,
        () => playing.size > 0,
        () => {
          clock[CLOCK] = (clock[CLOCK] ?? 0) + LONG_MS;
        },
      ),
    async playAlone(part) {
      clock[CLOCK] = (clock[CLOCK] ?? 0) + LONG_MS;
      await begin(`alone ${outcomes.size}`, part, true);
    },
    async [Symbol.asyncDispose]() {
      for (const name of [...playing.keys()]) await kill(name);
      watch.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function readLedger(path: string): readonly LedgerEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerEntry);
}
