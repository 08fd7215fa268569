/** What the contract of the store is tested with: a place of any engine, and jobs made by its verbs alone. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { ProcessIdentity } from '../../../src/platform/process-probe.ts';
import type { AuditWord, HeldJob, JobStore } from '../../../src/store/contract.ts';
import type { JobRecord, NewJob, UnitInput, UnitsInput } from '../../../src/store/records.ts';
import type { UnitEvent } from '../../../src/store/unit-events.ts';

/** An empty place of one engine. It goes at the end of the scope, and every store that was opened is closed. */
export type StorePlace = AsyncDisposable & {
  /** What `openJobStore` opens, in this process or another. */
  readonly place: string;
  /** Opens the place as this process, or as somebody else. */
  readonly open: (who?: { readonly nowMs?: () => number; readonly identity?: ProcessIdentity }) => JobStore;
  /** Damages an audit chain behind the store's back: its first entry says something else, or its last one is gone. */
  readonly damageAudit: (jobId: string, how: 'edited' | 'cut') => Promise<void>;
};

/** Makes an empty place. */
export type MakeStorePlace = () => Promise<StorePlace>;

/** When everything happens. */
export const AT_MS = Date.UTC(2026, 2, 1, 10, 0, 0);
/** Every key is the number of another row. */
export const KEYS = ['5', '4', '3', '2', '1'];
/** A process that certainly is none. */
export const NO_PID = 2 ** 30;

let made = 0;

/** A job to be recorded, with an id and a name of its own. */
export function newJob(change: Partial<NewJob> = {}): NewJob & { readonly rowsPath: string } {
  made += 1;
  const id = `b${String(made).padStart(10, '0')}`;
  return {
    id,
    name: `job ${made}`,
    kind: 'batch',
    spec: '{"kind":"batch"}',
    rowsPath: '/rows.csv',
    atMs: AT_MS,
    ...change,
  };
}

/** Rows with these keys, a few at a time. `onChunk` is told how many rows are in before each chunk. */
export function rowsOf(
  keys: readonly string[],
  onChunk: (count: number) => Promise<void> = async () => {},
): Required<UnitsInput> {
  const units = keys.map((key, index): UnitInput => ({ number: index + 1, key, dataJson: `{"id":"${key}"}` }));
  async function* chunks(): AsyncGenerator<readonly UnitInput[]> {
    for (let at = 0; at < units.length; at += 2) {
      await onChunk(at);
      yield units.slice(at, at + 2);
    }
  }
  const sha256 = createHash('sha256').update(keys.join()).digest('hex');
  return { chunks: chunks(), digest: () => ({ sha256, sizeBytes: keys.join().length }) };
}

/** Records a job with rows. */
export function addJob(
  store: JobStore,
  keys: readonly string[] = KEYS,
  change: Partial<NewJob> = {},
): Promise<JobRecord> {
  return store.create(newJob(change), rowsOf(keys));
}

/** What the audit chain is told. */
export const word = (change: Partial<AuditWord> = {}): AuditWord => ({
  atMs: AT_MS,
  principal: 'local:ops',
  action: 'run',
  outcome: 'done',
  details: {},
  ...change,
});

/** Takes a job, whatever it is like. */
export function take(store: JobStore, jobId: string, change: Partial<AuditWord> = {}): Promise<HeldJob> {
  made += 1;
  const { principal, atMs, ...audit } = word(change);
  return store.take(
    jobId,
    { runToken: `token-${made}`, principal, atMs, audit: { principal, atMs, ...audit } },
    () => {},
  );
}

/** The begin of an attempt. */
export const intent = (number: number, attempt = 1): UnitEvent => ({ type: 'intent', number, attempt, atMs: AT_MS });
/** Its good end. */
export const done = (number: number, receipt = `1Z${number}`): UnitEvent => ({
  type: 'done',
  number,
  receipt,
  atMs: AT_MS,
});
/** What went wrong. */
export const ERROR = { code: 'E-3001', message: 'UPS API timeout' };
/** Its bad end, or that nobody knows it. */
export const ended = (type: 'failed' | 'unknown' | 'retry', number: number, error = ERROR): UnitEvent => ({
  type,
  number,
  error,
  atMs: AT_MS,
});

/** A person's word. */
export const settled = (number: number, as: 'done' | 'pending' | 'skipped'): UnitEvent => ({
  type: 'settled',
  number,
  as,
  reason: 'seen',
  atMs: AT_MS,
});
/** What is known of it before its end. */
export const receipt = (number: number): UnitEvent => ({
  type: 'receipt',
  number,
  receipt: `1Z${number}`,
  atMs: AT_MS,
});
/** A hook that was asked in vain. */
export const unanswered = (number: number, times: number): UnitEvent => ({
  ...{ type: 'unanswered', number, error: ERROR, times, atMs: AT_MS },
});

/** A failure that its worker takes back. */
export const takenBack = (number: number, receipt?: string): UnitEvent => ({
  ...{ type: 'taken_back', number, error: { code: 'E-9', message: 'said no, and yes later' }, atMs: AT_MS },
  ...(receipt !== undefined && { receipt }),
});

/** Everything recorded of a job. */
export async function lookAt(store: JobStore, jobId: string) {
  const seen = await store.look(jobId);
  if (!seen) throw new Error(`there is no job ${jobId}`);
  return seen;
}

/** The states of all units, by number. */
export async function statusesOf(store: JobStore, jobId: string): Promise<readonly string[]> {
  const { units } = await store.units(jobId, { statuses: [], offset: 0, limit: 100 });
  return units.map(({ status }) => status);
}

/** Expects a refusal, and that nothing of the job is different afterwards. */
export async function expectRefused(
  { store, id }: { readonly store: JobStore; readonly id: string },
  act: () => Promise<unknown>,
  code: string,
): Promise<void> {
  const before = await pickLasting(store, id);
  await expect(act()).rejects.toMatchObject({ code });
  expect(await pickLasting(store, id)).toEqual(before);
}

/** All of a look but what time alone changes. */
async function pickLasting(store: JobStore, id: string) {
  const { seenAtMs: _at, liveness, ...lasting } = await lookAt(store, id);
  return { ...lasting, lock: liveness?.lock };
}
