import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import type { NativeStatus, UnitStatus } from '../../../src/core/job/schema.ts';
import type { SettleRequest } from '../../../src/core/ports.ts';
import { tryLock } from '../../../src/platform/lock-file.ts';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import { settleUnits } from '../../../src/sources/native/settle.ts';
import { inspectAudit } from '../../../src/store/audit-chain.ts';
import type { JobRecord } from '../../../src/store/records.ts';
import { readAudit } from '../../../src/store/sqlite/audit.ts';
import { checkFence, readEpoch, readRunner, releaseLease } from '../../../src/store/sqlite/leases.ts';
import { makeUnitJournal } from '../../../src/store/sqlite/unit-journal.ts';
import { readNamedUnits } from '../../../src/store/sqlite/units.ts';
import { startScript } from '../../helpers/start-script.ts';
import { hashFiles } from '../../helpers/state.ts';
import { lockOf, makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const AT_MS = SEED_MS + 60_000;
/** Keys that are numbers of other rows. */
const KEYS = ['5', '4', '3', '2', '1'];
const GONE = { ...readOwnIdentity(), pid: 2 ** 30 };

type Seed = {
  readonly units?: readonly UnitStatus[];
  readonly status?: NativeStatus;
  /** Who holds the job; without it the last holder let go. */
  readonly holder?: { readonly host?: string; readonly beatAgoMs?: number; readonly gone?: true };
};

/** A job whose second row (key 4) waits, and how to settle units as they were seen. */
async function makeJob({ units = ['done', 'needs_review', 'done', 'done', 'pending'], status, holder }: Seed = {}) {
  const state = await makeTempState();
  const job = state.addJob({ units, keys: KEYS, status: status ?? (holder ? 'running' : 'stopped') });
  const { host = readOwnIdentity().host, beatAgoMs = 0, gone } = holder ?? {};
  state.hold(job, { identity: { ...(gone ? GONE : readOwnIdentity()), host }, atMs: AT_MS - beatAgoMs });
  if (!holder) releaseLease(state.database, job.seq, { epoch: 1, atMs: SEED_MS });
  const seen = (numbers: readonly number[]) =>
    readNamedUnits(state.database, job, { keys: [], numbers }).map(({ number, eventSequence }) => ({
      number,
      eventSequence,
    }));
  return {
    state,
    job,
    seen,
    statuses: () => readNamedUnits(state.database, job, { keys: KEYS, numbers: [] }).map((unit) => unit.status),
    unit: (number: number) => readNamedUnits(state.database, job, { keys: [], numbers: [number] })[0],
    settle: (change: Partial<SettleRequest> = {}) =>
      settle(state, { jobId: job.id, units: seen([2]), epoch: 1, as: 'done', reason: 'seen in the portal', ...change }),
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  };
}

/** Settles, and answers the code it is refused with, after having made sure that nothing changed then. */
async function settle(state: TempState, request: SettleRequest): Promise<string | undefined> {
  const before = hashFiles(state.path);
  const store = state.open(AT_MS);
  try {
    await settleUnits(store, { ...request, principal: 'local:ops', atMs: AT_MS });
    return undefined;
  } catch (error) {
    expect(hashFiles(state.path)).toEqual(before);
    return error instanceof RecoveryError ? error.code : String(error);
  }
}

/** What a runner with an epoch still says of a unit. */
function say(state: TempState, job: JobRecord, epoch: number): void {
  checkFence(state.database, job.seq, epoch);
  const journal = makeUnitJournal(state.database, job.seq, epoch);
  journal.begin();
  journal.append({ type: 'done', number: 2, receipt: 'late', atMs: AT_MS });
}

describe('settleUnits, the word', () => {
  it('is about the row with the number, whatever keys look like', async () => {
    await using one = await makeJob({ units: ['done', 'in_doubt', 'done', 'in_doubt', 'done'] });
    expect(await one.settle({ as: 'pending' })).toBeUndefined();
    expect(one.statuses()).toEqual(['done', 'pending', 'done', 'in_doubt', 'done']);
  });

  it('records the word, its reason and who said it, in one change', async () => {
    await using one = await makeJob();
    expect(await one.settle({ receipt: '1Z' })).toBeUndefined();
    expect(one.unit(2)).toMatchObject({ key: '4', status: 'done', receipt: '1Z', finishedAtMs: AT_MS });
    expect(one.unit(2)?.error).toBeUndefined();
    const { database } = one.state;
    expect(database.prepare('SELECT * FROM unit_events ORDER BY sequence DESC LIMIT 1').get()).toMatchObject({
      event: 'settled',
      code: 'done',
      detail: 'seen in the portal',
      epoch: 1,
    });
    const chain = readAudit(database, one.job.seq);
    expect(chain).toMatchObject([
      {
        action: 'settle',
        outcome: 'done',
        principal: 'local:ops',
        atMs: AT_MS,
        details: { unit: 2, key: '4', was: 'needs_review', as: 'done', reason: 'seen in the portal', receipt: '1Z' },
      },
    ]);
    expect(inspectAudit(chain).broken).toBeUndefined();
  });

  it('is about several rows or none, and each has its entry', async () => {
    await using some = await makeJob({ units: ['in_doubt', 'needs_review', 'done', 'failed', 'pending'] });
    expect(await some.settle({ units: some.seen([1, 2, 3]), as: 'skipped' })).toBe('UNIT_NOT_OPEN');
    expect(await some.settle({ units: some.seen([1, 2, 4]), as: 'skipped' })).toBeUndefined();
    expect(some.statuses()).toEqual(['skipped', 'skipped', 'done', 'skipped', 'pending']);
    expect(readAudit(some.state.database, some.job.seq).map(({ details }) => details['key'])).toEqual(['5', '4', '2']);
  });

  it.each<readonly [UnitStatus, boolean]>([
    ['in_doubt', true],
    ['needs_review', true],
    ['failed', true],
    ['pending', false],
    ['done', false],
    ['skipped', false],
  ])('%s can be settled: %s', async (status, isOpen) => {
    for (const as of ['done', 'pending', 'skipped'] as const) {
      await using one = await makeJob({ units: ['done', status] });
      expect(await one.settle({ as })).toBe(isOpen ? undefined : 'UNIT_NOT_OPEN');
      expect(one.unit(2)?.status).toBe(isOpen ? as : status);
    }
  });

  it('keeps error and attempts of a unit that is put back, and lets its job run again', async () => {
    await using one = await makeJob({ status: 'completed' });
    expect(await one.settle({ as: 'pending' })).toBeUndefined();
    expect(one.unit(2)).toMatchObject({ status: 'pending', attempts: 1, error: { code: 'E-3001' } });
    expect(one.state.reread(one.job).status).toBe('pending');
  });

  it('leaves a finished job finished when nothing is put back', async () => {
    await using one = await makeJob({ status: 'completed' });
    await one.settle({ as: 'skipped' });
    expect(one.state.reread(one.job).status).toBe('completed');
  });

  it('JOB_CANCELLED: nothing of a cancelled job is put back; the rest can still be settled', async () => {
    await using one = await makeJob({ status: 'cancelled' });
    expect(await one.settle({ as: 'pending' })).toBe('JOB_CANCELLED');
    expect(await one.settle({ as: 'done' })).toBeUndefined();
    expect(one.state.reread(one.job).status).toBe('cancelled');
  });

  it('JOB_UNKNOWN and UNIT_UNKNOWN', async () => {
    await using one = await makeJob();
    expect(await one.settle({ jobId: 'bnone' })).toBe('JOB_UNKNOWN');
    expect(await one.settle({ units: [{ number: 9, eventSequence: 0 }] })).toBe('UNIT_UNKNOWN');
  });
});

describe('settleUnits, what was seen', () => {
  it('EVIDENCE_STALE: somebody held the job since', async () => {
    await using one = await makeJob();
    one.state.hold(one.job);
    releaseLease(one.state.database, one.job.seq, { epoch: 2, atMs: AT_MS });
    expect(await one.settle()).toBe('EVIDENCE_STALE');
    expect(await one.settle({ epoch: 2 })).toBeUndefined();
  });

  it('EVIDENCE_STALE: the unit is in the same state, but it was tried again since', async () => {
    await using one = await makeJob({ units: ['done', 'in_doubt'] });
    const units = one.seen([2]);
    const journal = makeUnitJournal(one.state.database, one.job.seq, 1);
    journal.begin();
    journal.append({ type: 'not_done', number: 2, atMs: AT_MS });
    journal.append({ type: 'intent', number: 2, attempt: 2, atMs: AT_MS });
    expect(await one.settle({ units })).toBe('EVIDENCE_STALE');
    expect(await one.settle()).toBeUndefined();
  });

  it('EVIDENCE_STALE: the runner lived when the unit was looked at, and left no word of what it did since', async () => {
    for (const runnerSeen of ['alive', 'unknown'] as const) {
      await using one = await makeJob({ units: ['done', 'in_doubt', 'needs_review'], holder: { gone: true } });
      expect(await one.settle({ runnerSeen })).toBe('EVIDENCE_STALE');
      // What waited for a person was in nobody's hands.
      expect(await one.settle({ runnerSeen, units: one.seen([3]) })).toBeUndefined();
      expect(await one.settle({ runnerSeen: 'dead' })).toBeUndefined();
    }
  });

  it('EVIDENCE_STALE: the runner counted as dead when the unit was looked at, and gave a sign of life since', async () => {
    const holder = { host: 'elsewhere', beatAgoMs: 61_000 };
    await using one = await makeJob({ units: ['done', 'in_doubt', 'needs_review'], holder });
    const seen = { runnerSeen: 'dead', heartbeatSeenMs: AT_MS - 700_000 } as const;
    expect(await one.settle(seen)).toBe('EVIDENCE_STALE');
    expect(await one.settle({ ...seen, units: one.seen([3]) })).toBeUndefined();
    expect(await one.settle({ ...seen, heartbeatSeenMs: AT_MS - 61_000 })).toBeUndefined();
  });

  it('AUDIT_BROKEN: nothing is written on top of a chain that lost its end, or was changed before it', async () => {
    await using one = await makeJob({ units: ['needs_review', 'needs_review', 'needs_review'] });
    const { database } = one.state;
    for (const number of [1, 3]) expect(await one.settle({ units: one.seen([number]) })).toBeUndefined();
    const [first, last] = database.prepare('SELECT * FROM audit ORDER BY sequence').all();
    database.exec('DELETE FROM audit WHERE sequence = 2');
    expect(await one.settle()).toBe('AUDIT_BROKEN');
    database.prepare(`INSERT INTO audit VALUES (${Array(10).fill('?').join(', ')})`).run(...Object.values(last ?? {}));
    database.exec("UPDATE audit SET principal = 'local:root' WHERE sequence = 1");
    expect(await one.settle()).toBe('AUDIT_BROKEN');
    database.prepare('UPDATE audit SET principal = ? WHERE sequence = 1').run(first?.['principal'] ?? null);
    expect(await one.settle()).toBeUndefined();
  });
});

describe('settleUnits, beside a runner', () => {
  /** What each word on a unit in each state comes to; `open` units may be in the runner's hands. */
  const WORDS = [
    ['in_doubt', 'done', 'refused'],
    ['in_doubt', 'pending', 'refused'],
    ['in_doubt', 'skipped', 'refused'],
    ['failed', 'skipped', 'refused'],
    ['needs_review', 'pending', 'refused'],
    ['needs_review', 'done', undefined],
    ['needs_review', 'skipped', undefined],
  ] as const;

  it('RUNNER_ALIVE: its lock is held', async () => {
    for (const [unit, as, refused] of WORDS) {
      await using one = await makeJob({ units: ['done', unit], holder: {} });
      const lock = tryLock(lockOf(one.state, one.job));
      expect(await one.settle({ as })).toBe(refused && 'RUNNER_ALIVE');
      lock?.release();
      expect(readEpoch(one.state.database, one.job.seq)).toBe(1);
    }
  });

  it('RUNNER_ALIVE: it runs on another host with a fresh heartbeat', async () => {
    for (const [unit, as, refused] of WORDS) {
      await using one = await makeJob({ units: ['done', unit], holder: { host: 'elsewhere', beatAgoMs: 50_000 } });
      expect(await one.settle({ as })).toBe(refused && 'RUNNER_ALIVE');
    }
  });

  it('LIVENESS_UNKNOWN: its lock file was removed, and its process lives', async () => {
    for (const [unit, as, refused] of WORDS) {
      await using one = await makeJob({ units: ['done', unit], holder: {} });
      expect(await one.settle({ as })).toBe(refused && 'LIVENESS_UNKNOWN');
    }
  });

  it('LIVENESS_UNKNOWN: its heartbeat from another host lies in the future', async () => {
    await using one = await makeJob({ units: ['done', 'in_doubt'], holder: { host: 'elsewhere', beatAgoMs: -90_000 } });
    expect(await one.settle()).toBe('LIVENESS_UNKNOWN');
  });

  it('lets a unit of a cancelled job be closed although its runner cannot be judged', async () => {
    const units = ['done', 'in_doubt'] as const;
    await using one = await makeJob({ units, status: 'cancelled', holder: { host: 'elsewhere', beatAgoMs: -90_000 } });
    expect(await one.settle({ as: 'pending' })).toBe('JOB_CANCELLED');
    expect(await one.settle({ as: 'skipped' })).toBeUndefined();
  });

  it.each([
    ['its process is gone', { gone: true }],
    ['its heartbeat from another host is old', { host: 'elsewhere', beatAgoMs: 61_000 }],
  ] as const)('fences one that counts as dead: %s', async (_what, holder) => {
    await using one = await makeJob({ units: ['done', 'in_doubt', 'in_doubt'], holder });
    expect(await one.settle({ as: 'pending' })).toBeUndefined();
    const { database } = one.state;
    expect(readRunner(database, one.job.seq)).toMatchObject({ epoch: 1, fenced: true });
    expect(() => say(one.state, one.job, 1)).toThrow(expect.objectContaining({ code: 'LEASE_FENCED' }));
    expect(readAudit(database, one.job.seq)[0]?.details).toMatchObject({ epoch: 2, unit: 2 });
    // Nobody is left to be fenced by the next word.
    expect(await one.settle({ units: one.seen([3]), epoch: 2 })).toBeUndefined();
    expect(readEpoch(database, one.job.seq)).toBe(2);
  });

  it('takes no epoch of a job whose runner let go', async () => {
    await using one = await makeJob({ units: ['done', 'in_doubt'] });
    expect(await one.settle()).toBeUndefined();
    expect(readEpoch(one.state.database, one.job.seq)).toBe(1);
  });

  it('ORPHAN_RUNNING: a process that outlived the runner still works on the unit', async () => {
    await using one = await makeJob({ units: ['in_doubt', 'in_doubt'], holder: { gone: true } });
    const { runToken = '' } = readRunner(one.state.database, one.job.seq) ?? {};
    const env = { SALVOR_RUN_TOKEN: runToken, SALVOR_UNIT_NUMBER: '2' };
    await using orphan = startScript("console.log('up'); setInterval(() => {}, 60_000);", { env });
    await orphan.says('up');
    expect(await one.settle()).toBe('ORPHAN_RUNNING');
    expect(await one.settle({ units: one.seen([1]) })).toBeUndefined();
  });
});
