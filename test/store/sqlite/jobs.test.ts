import { describe, expect, it } from 'vitest';
import { changeStore } from '../../../src/store/sqlite/database.ts';
import { deleteJob, insertUnits, listImporting } from '../../../src/store/sqlite/import.ts';
import {
  endRun,
  findJobs,
  insertJob,
  readJob,
  setStatus,
  startRun,
  updateRowsFile,
} from '../../../src/store/sqlite/jobs.ts';
import { makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const NEW = { name: 'Importing', kind: 'batch', spec: '{}', rowsPath: '/rows.csv', atMs: SEED_MS } as const;
const importing = (state: TempState, id = 'bimporting') => insertJob(state.database, { ...NEW, id });

describe('a job that is coming in', () => {
  it('is seen by nobody until its rows are in', async () => {
    await using state = await makeTempState();
    const seq = importing(state);
    expect(readJob(state.database, 'bimporting')).toBeUndefined();
    for (const reference of ['bimporting', 'bimp', 'Importing'])
      expect(findJobs(state.database, reference, 9)).toEqual([]);
    expect(listImporting(state.database)).toEqual([{ id: 'bimporting', seq }]);
    setStatus(state.database, seq, 'pending');
    expect(readJob(state.database, 'bimporting')).toEqual({
      seq,
      id: 'bimporting',
      name: 'Importing',
      kind: 'batch',
      status: 'pending',
      spec: '{}',
      generation: 1,
      runCount: 0,
      createdAtMs: SEED_MS,
      activeAtMs: SEED_MS,
    });
    expect(listImporting(state.database)).toEqual([]);
  });

  it('can be taken away, with its units and nobody else’s', async () => {
    await using state = await makeTempState();
    const kept = state.addJob({ units: ['pending'] });
    const seq = importing(state);
    const unit = { number: 1, key: 'k1', dataJson: '{}' };
    changeStore(state.database, () => insertUnits(state.database, seq, [unit, { ...unit, number: 2, key: 'k2' }]));
    deleteJob(state.database, seq);
    const count = (table: string) => state.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
    expect([count('jobs'), count('units'), count('unit_data')]).toEqual([1, 1, 1]);
    expect(readJob(state.database, kept.id)).toEqual(kept);
  });

  it('ROWS_INVALID: a key that stands twice is named with both places, and nothing of the chunk stays', async () => {
    await using state = await makeTempState();
    const seq = importing(state);
    const units = ['a', 'b', 'a'].map((key, index) => ({ number: index + 1, key, dataJson: '{}' }));
    expect(() => changeStore(state.database, () => insertUnits(state.database, seq, units))).toThrow(
      expect.objectContaining({
        code: 'ROWS_INVALID',
        message: "key 'a' stands twice: in row 1 and in row 3",
        details: { key: 'a', rows: [1, 3] },
      }),
    );
    expect(state.database.prepare('SELECT count(*) AS n FROM units').get()?.n).toBe(0);
  });
});

describe('findJobs', () => {
  it('prefers the exact id, then the name, then the beginning of an id', async () => {
    await using state = await makeTempState();
    state.addJob({ id: 'bab', name: 'one' });
    state.addJob({ id: 'babc', name: 'bab' });
    state.addJob({ id: 'bxyz', name: 'two' });
    state.addJob({ id: 'bxyy', name: 'two' });
    const find = (reference: string, limit = 9) => findJobs(state.database, reference, limit).map(({ id }) => id);
    expect(find('bab')).toEqual(['bab']);
    expect(find('two')).toEqual(['bxyz', 'bxyy']);
    expect(find('two', 1)).toEqual(['bxyz']);
    expect(find('bx')).toEqual(['bxyz', 'bxyy']);
    expect(find('ba')).toEqual(['bab', 'babc']);
    expect([find('c'), find('Two'), find('b%'), find('b_b')]).toEqual([[], [], [], []]);
  });
});

describe('runs', () => {
  it('count up, keep the first start, and forget the end and error of the one before', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    startRun(state.database, job.seq, SEED_MS + 1);
    endRun(state.database, job.seq, { status: 'failed', atMs: SEED_MS + 2, error: { code: 'E-1', message: 'no' } });
    expect(state.reread(job)).toMatchObject({
      status: 'failed',
      runCount: 1,
      startedAtMs: SEED_MS + 1,
      endedAtMs: SEED_MS + 2,
      activeAtMs: SEED_MS + 2,
      error: { code: 'E-1', message: 'no' },
    });
    startRun(state.database, job.seq, SEED_MS + 3);
    const { endedAtMs, error, ...again } = state.reread(job);
    expect([endedAtMs, error]).toEqual([undefined, undefined]);
    expect(again).toMatchObject({ status: 'running', runCount: 2, startedAtMs: SEED_MS + 1, activeAtMs: SEED_MS + 3 });
  });

  it('keeps a kind as it is recorded, known or not', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ kind: 'workflow' });
    expect(job.kind).toBe('workflow');
    for (const kind of ['ballet', 'constructor', '__proto__']) {
      state.database.prepare('UPDATE jobs SET kind = ?').run(kind);
      expect(state.reread(job).kind).toBe(kind);
    }
  });
});

describe('the rows file', () => {
  it('has a second digest that counts while it is written back, until it is recorded', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    updateRowsFile(state.database, job.seq, { sha256: 'found', sizeBytes: 5, next: { sha256: 'after', sizeBytes: 9 } });
    expect(state.reread(job).rows).toMatchObject({ sha256: 'found', sizeBytes: 5, sha256Expected: 'after' });
    updateRowsFile(state.database, job.seq, { sha256: 'after', sizeBytes: 9 });
    expect(state.reread(job).rows).toEqual({ path: job.rows?.path, sha256: 'after', sizeBytes: 9 });
  });
});
