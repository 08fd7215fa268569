import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { UnitStatus } from '../../src/core/job/schema.ts';
import type { Faults } from '../../src/core/ports.ts';
import { finishRun } from '../../src/runner/finish-run.ts';
import type { UnitsEnd } from '../../src/runner/job-work.ts';
import type { BatchSpec } from '../../src/runner/kinds/batch/schema.ts';
import { makeBatchWork } from '../../src/runner/kinds/batch/work.ts';
import { readRunner } from '../../src/store/sqlite/leases.ts';
import { makeUnitJournal } from '../../src/store/sqlite/unit-journal.ts';
import { makeTempState, SEED_MS } from '../helpers/temp-state.ts';

const ERROR = { code: 'E-3001', message: 'UPS API timeout' };

/** A run that is through with units in these states. */
async function makeRun(units: readonly UnitStatus[], writeBack: BatchSpec['writeBack'] = []) {
  const state = await makeTempState();
  const { database } = state;
  const job = state.addJob({ status: 'running', units });
  state.hold(job);
  const spec: BatchSpec = {
    kind: 'batch',
    name: 'Shipping',
    directory: state.path,
    rowsPath: job.rows?.path ?? '',
    rowsFormat: 'csv',
    columns: ['id'],
    onError: 'halt',
    concurrency: 1,
    retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
    writeBack,
    env: {},
    params: {},
  };
  type More = { readonly unasked?: number; readonly faults?: Faults };
  const finish = (end: UnitsEnd, more: More = {}) =>
    finishRun({
      ...{ store: state.open(), held: state.held(job), job, work: makeBatchWork(spec), units: end },
      clock: { nowMs: () => SEED_MS },
      faults: { reach: () => {} },
      ...more,
    });
  const recorded = () => ({ status: state.reread(job).status, error: state.reread(job).error?.code });
  const rowsFile = () => readFileSync(spec.rowsPath, 'utf8');
  return {
    state,
    job,
    finish,
    recorded,
    rowsFile,
    released: () => readRunner(database, job.seq)?.releasedAtMs !== undefined,
  };
}

describe('finishRun', () => {
  const ran: UnitsEnd = { end: 'ran_out' };
  it.each([
    { units: ['done', 'done'], end: ran, told: 'completed' },
    { units: ['done', 'needs_review'], end: ran, told: 'completed' },
    { units: ['done', 'in_doubt'], end: ran, told: 'failed', code: 'VERIFY_UNANSWERED' },
    { units: ['in_doubt', 'needs_review'], end: ran, told: 'failed', code: 'VERIFY_UNANSWERED' },
    { units: ['failed', 'in_doubt'], end: { ...ran, error: ERROR }, told: 'failed', code: 'E-3001' },
    { units: ['failed', 'pending'], end: { end: 'halted', error: ERROR }, told: 'failed', code: 'E-3001' },
    { units: ['done', 'pending'], end: { end: 'stopped' }, told: 'stopped' },
    { units: ['in_doubt', 'pending'], end: { end: 'stopped' }, told: 'stopped' },
    { units: ['done', 'pending'], end: ran, told: 'failed', code: 'STATE_CONTRADICTION' },
  ] as const)('$end.end with $units: $told, and lets the job go', async ({ units, end, told, ...more }) => {
    const code = 'code' in more ? more.code : undefined;
    const { state, finish, recorded, released } = await makeRun(units);
    await using _state = state;
    const outcome = await finish(end);
    expect({ end: outcome.end, error: outcome.error?.code }).toEqual({ end: told, error: code });
    expect(recorded()).toEqual({ status: told, error: code });
    expect(released()).toBe(true);
  });

  it('tells how many rows the hook was not asked about', async () => {
    const { state, finish } = await makeRun(['in_doubt', 'in_doubt']);
    await using _state = state;
    const { error } = await finish(ran, { unasked: 1 });
    expect(error?.message).toContain(
      '2 rows is not known yet: the verify hook gave no answer and was not asked about 1',
    );
  });

  it('writes back again what was settled between the write-back and the last word', async () => {
    const { state, job, finish, rowsFile } = await makeRun(
      ['done', 'needs_review'],
      [{ column: 'st', value: 'status' }],
    );
    await using _state = state;
    let said = 0;
    const reach = (point: string) => {
      if (point !== 'before-last-word') return;
      said += 1;
      if (said > 1) return;
      expect(rowsFile()).toBe('id,st\nk1,done\nk2,needs_review\n');
      const journal = makeUnitJournal(state.database, job.seq, 1);
      journal.begin();
      journal.append({ type: 'settled', number: 2, as: 'skipped', reason: 'not wanted', atMs: SEED_MS });
    };
    expect(await finish(ran, { faults: { reach } })).toEqual({ end: 'completed' });
    expect(rowsFile()).toBe('id,st\nk1,done\nk2,skipped\n');
    expect(said).toBe(2);
  });

  it('LEASE_FENCED: says nothing of a job that was taken over', async () => {
    const { state, job, finish, recorded, released } = await makeRun(['done']);
    await using _state = state;
    state.hold(job);
    await expect(finish(ran)).rejects.toMatchObject({ code: 'LEASE_FENCED' });
    expect(recorded()).toEqual({ status: 'running', error: undefined });
    expect(released()).toBe(false);
  });
});
