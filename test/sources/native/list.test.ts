import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import type { NativeStatus, UnitStatus } from '../../../src/core/job/schema.ts';
import type { JobQuery } from '../../../src/core/ports.ts';
import { tryLock } from '../../../src/platform/lock-file.ts';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import { collectEvidence } from '../../../src/sources/native/collect.ts';
import { listJobs } from '../../../src/sources/native/list.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { insertJob } from '../../../src/store/sqlite/jobs.ts';
import { releaseLease } from '../../../src/store/sqlite/leases.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { hashFiles } from '../../helpers/state.ts';
import { lockOf, makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const NOW_MS = SEED_MS + 1_000;
const ALL: JobQuery = { scope: 'all', offset: 0, limit: 50 };
const ATTENTION: JobQuery = { ...ALL, scope: 'attention' };

const list = (state: TempState, query: Partial<JobQuery> = {}) =>
  listJobs(state.open(NOW_MS), { ...ATTENTION, ...query });
const names = async (state: TempState, query: Partial<JobQuery> = {}) =>
  (await list(state, query)).jobs.map(({ job }) => job.name);

/** Jobs whose last activity was a second apart, the first the oldest. */
function addJobs(state: TempState, jobs: readonly (readonly [string, NativeStatus, readonly UnitStatus[]])[]): void {
  for (const [index, [name, status, units]] of jobs.entries()) {
    state.addJob({ name, status, units, atMs: SEED_MS + index * 1_000 });
  }
}

describe('listJobs, attention', () => {
  it('leaves out what is well: finished, cancelled; keeps what is finished with units to review', async () => {
    await using state = await makeTempState();
    addJobs(state, [
      ['finished', 'completed', ['done']],
      ['cancelled', 'cancelled', ['pending', 'failed']],
      ['cancelled in doubt', 'cancelled', ['pending', 'in_doubt']],
      ['never begun', 'pending', ['pending']],
      ['stopped', 'stopped', ['pending']],
      ['failed', 'failed', ['failed']],
      ['running', 'running', ['in_doubt']],
      ['to review', 'completed', ['done', 'needs_review']],
      ['in doubt', 'completed', ['in_doubt']],
    ]);
    const doubtful = ['in doubt', 'to review', 'running', 'cancelled in doubt'];
    const expected = [...doubtful, 'failed', 'stopped', 'never begun'];
    expect(await names(state)).toEqual(expected);
    expect((await list(state)).total).toBe(expected.length);
    expect(await names(state, { scope: 'all' })).toHaveLength(9);
  });

  it('has a job that is alive after those that wait, as running or recovering, and one that is stalled', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ name: 'alive', status: 'running', units: ['in_doubt'] });
    state.addJob({ name: 'waiting', status: 'stopped', units: ['pending'] });
    state.hold(job, { atMs: NOW_MS });
    const lock = tryLock(lockOf(state, job));
    const seen = async () =>
      (await list(state)).jobs.map(({ job: { name }, verdict, attention }) => [name, verdict, attention]);
    const waiting = ['waiting', 'interrupted', 'interrupted'];
    expect(await seen()).toEqual([waiting, ['alive', 'alive', 'running']]);
    expect((await list(state)).total).toBe(2);
    state.database.exec("UPDATE jobs SET run_count = 2 WHERE name = 'alive'");
    expect(await seen()).toEqual([waiting, ['alive', 'alive', 'recovering']]);
    state.database.prepare('UPDATE leases SET heartbeat_at_ms = ?').run(NOW_MS - 40_000);
    expect(await seen()).toEqual([waiting, ['alive', 'stalled', 'stalled']]);
    lock?.release();
    expect((await list(state)).jobs.at(0)).toMatchObject({ verdict: 'unknown', attention: 'in doubt' });
  });

  it('shows a living process that has lost its lock as unknown', async () => {
    await using state = await makeTempState();
    state.hold(state.addJob({ status: 'running', units: ['in_doubt'] }));
    expect((await list(state)).jobs).toMatchObject([{ verdict: 'unknown' }]);
  });

  it('judges holders elsewhere by their heartbeat alone', async () => {
    await using state = await makeTempState();
    const identity = { ...readOwnIdentity(), host: 'elsewhere' };
    const fresh = state.addJob({ name: 'fresh', status: 'running', units: ['in_doubt'] });
    const old = state.addJob({ name: 'old', status: 'running', units: ['in_doubt'] });
    state.hold(fresh, { identity, atMs: NOW_MS - 60_000 });
    state.hold(old, { identity, atMs: NOW_MS - 60_001 });
    expect((await list(state)).jobs.map(({ job, attention }) => [job.name, attention])).toEqual([
      ['old', 'in doubt'],
      ['fresh', 'running'],
    ]);
    expect((await list(state, { verdict: 'alive' })).jobs).toMatchObject([{ job: { name: 'fresh' } }]);
  });
});

describe('listJobs, order and pages', () => {
  it('puts what was active last first, and of the same instant what was made last', async () => {
    await using state = await makeTempState();
    for (const [name, atMs] of [
      ['b', 2],
      ['a', 1],
      ['d', 3],
      ['c', 2],
    ] as const)
      state.addJob({ name, atMs });
    expect(await names(state)).toEqual(['d', 'c', 'b', 'a']);
  });

  it('pages through every job once, and counts all that match', async () => {
    await using state = await makeTempState();
    for (let index = 0; index < 7; index += 1) state.addJob({ name: `job ${index}`, atMs: index % 3 });
    const pages = await Promise.all([0, 3, 6, 9].map((offset) => list(state, { offset, limit: 3 })));
    expect(pages.map(({ jobs, total }) => [jobs.length, total])).toEqual([
      [3, 7],
      [3, 7],
      [1, 7],
      [0, 7],
    ]);
    expect(pages.flatMap(({ jobs }) => jobs.map(({ job }) => job.name))).toEqual(await names(state));
  });
});

describe('listJobs, filters', () => {
  it('finds by part of the name in any case, or by the beginning of the id', async () => {
    await using state = await makeTempState();
    state.addJob({ id: 'bone', name: 'California Orders' });
    state.addJob({ id: 'btwo', name: '100%' });
    state.addJob({ id: 'bthree', name: 'Texas' });
    const find = (text: string) => names(state, { text });
    expect(await Promise.all(['ORDERS', 'bt', '%', '_', 'one', "'"].map(find))).toEqual([
      ['California Orders'],
      ['Texas', '100%'],
      ['100%'],
      [],
      [],
      [],
    ]);
    expect(await find('')).toHaveLength(3);
  });

  it('finds by kind, and by verdict with pages of its own', async () => {
    await using state = await makeTempState();
    addJobs(state, [
      ['one', 'failed', []],
      ['two', 'stopped', []],
      ['three', 'failed', []],
      ['four', 'completed', ['done']],
    ]);
    state.addJob({ name: 'flow', kind: 'workflow', status: 'stopped' });
    expect(await names(state, { kind: 'workflow' })).toEqual(['flow']);
    expect(await names(state, { verdict: 'failed' })).toEqual(['three', 'one']);
    const page = await list(state, { scope: 'all', verdict: 'failed', offset: 1, limit: 1 });
    expect([page.jobs.map(({ job }) => job.name), page.total]).toEqual([['one'], 2]);
    expect(await list(state, { scope: 'all', verdict: 'stalled' })).toEqual({ jobs: [], keys: [], total: 0 });
  });
});

describe('listJobs, a line', () => {
  it('says what it is, how far it got and what to do', async () => {
    await using state = await makeTempState();
    const spec = { receipt: { label: 'tracking' } };
    const job = state.addJob({ name: 'Orders', status: 'running', units: ['done', 'failed', 'pending'], spec });
    state.hold(job, { identity: { ...readOwnIdentity(), pid: 2 ** 30 } });
    expect((await list(state, { withReceipts: true, limit: 1_000 })).jobs).toEqual([
      {
        job: {
          id: job.id,
          name: 'Orders',
          kind: 'batch',
          family: 'units',
          source: 'native',
          directory: `${state.path}/jobs/${job.id}`,
        },
        status: 'running',
        verdict: 'interrupted',
        attention: 'interrupted',
        sinceMs: SEED_MS,
        progress: { done: 1, total: 3, unit: 'row', failed: 1, inDoubt: 0, needsReview: 0 },
        interruptedAtMs: SEED_MS,
        lastError: { code: 'E-3001', message: 'UPS API timeout' },
        receiptCount: 1,
        recommended: 'resume',
      },
    ]);
  });

  it('counts receipts only when they are asked for', async () => {
    await using state = await makeTempState();
    state.addJob({ units: ['done'], spec: { receipt: { label: 'tracking' } } });
    expect((await list(state)).jobs[0]).not.toHaveProperty('receiptCount');
  });

  it('has the verdict and recommendation that a closer look has', async () => {
    await using state = await makeTempState();
    addJobs(state, [
      ['finished', 'completed', ['done']],
      ['contradicting', 'completed', ['pending']],
      ['to review', 'completed', ['needs_review']],
      ['never begun', 'pending', ['pending']],
      ['cancelled', 'cancelled', ['pending']],
      ['stopped', 'stopped', ['done', 'needs_review']],
      ['failed', 'failed', ['failed', 'in_doubt']],
      ['running', 'running', []],
    ]);
    const held = state.addJob({ name: 'held', status: 'running', units: ['in_doubt'] });
    state.hold(held);
    const released = state.addJob({ name: 'released', status: 'stopped', units: ['pending'] });
    state.hold(released);
    releaseLease(state.database, released.seq, { epoch: 1, atMs: SEED_MS });
    const { jobs } = await list(state, { scope: 'all' });
    expect(jobs).toHaveLength(10);
    for (const { job, verdict, recommended, lastError } of jobs) {
      const evidence = await collectEvidence(state.open(NOW_MS), job.id);
      const diagnosis = diagnose(evidence);
      expect({ name: job.name, verdict, recommended, lastError }).toEqual({
        name: job.name,
        verdict: diagnosis.verdict,
        recommended: diagnosis.recommended,
        lastError: evidence.recorded.lastError,
      });
    }
  });
});

describe('listJobs, looking', () => {
  it('is empty where there is no store, and makes none', async () => {
    await using folder = await makeFolder();
    const before = hashFiles(folder.path);
    expect(await listJobs(openJobStore(folder.at('missing'), { nowMs: () => NOW_MS }), ALL)).toEqual({
      jobs: [],
      total: 0,
    });
    expect(hashFiles(folder.path)).toEqual(before);
  });

  it('changes nothing, and shows no job that is coming in', async () => {
    await using state = await makeTempState();
    state.addJob({ name: 'seen' });
    const coming = { id: 'bcoming', name: 'coming', kind: 'batch', spec: '{}', rowsPath: '/r', atMs: 0 } as const;
    insertJob(state.database, coming);
    const before = hashFiles(state.path);
    expect(await names(state, { scope: 'all' })).toEqual(['seen']);
    expect(hashFiles(state.path)).toEqual(before);
  });
});
