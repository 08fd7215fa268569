import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import type { NativeStatus, UnitStatus } from '../../../src/core/job/schema.ts';
import type { SettleRequest } from '../../../src/core/ports.ts';
import { tryLock } from '../../../src/platform/lock-file.ts';
import { settleUnit } from '../../../src/sources/native/settle.ts';
import { inspectAudit, readAudit } from '../../../src/store/audit.ts';
import { findUnit } from '../../../src/store/units.ts';
import { hashFiles } from '../../helpers/state.ts';
import { lockOf, makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const AT_MS = SEED_MS + 60_000;

/** A job with one unit in a state, and how to settle it. */
async function makeOne(unit: UnitStatus, status: NativeStatus = 'stopped') {
  const state = await makeTempState();
  const job = state.addJob({ units: [unit, 'pending'], status });
  state.hold(job);
  return {
    state,
    job,
    settle: (change: Partial<SettleRequest> = {}) =>
      settle(state, { jobId: job.id, unit: '1', as: 'done', reason: 'seen in the portal', ...change }),
    unit: () => findUnit(state.database, job, '1'),
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  };
}

/** Settles, and answers the code it is refused with, after having made sure that nothing changed then. */
function settle(state: TempState, request: SettleRequest): string | undefined {
  const before = hashFiles(state.path);
  try {
    settleUnit(
      state.database,
      { ...request, principal: 'local:ops', atMs: AT_MS },
      lockOf(state, { id: request.jobId } as never),
    );
    return undefined;
  } catch (error) {
    expect(hashFiles(state.path)).toEqual(before);
    return error instanceof RecoveryError ? error.code : String(error);
  }
}

describe('settleUnit', () => {
  it('records the word, its reason and who said it, in one change', async () => {
    await using one = await makeOne('needs_review');
    expect(one.settle({ receipt: '1Z' })).toBeUndefined();
    expect(one.unit()).toMatchObject({ status: 'done', receipt: '1Z', finishedAtMs: AT_MS });
    expect(one.unit()?.error).toBeUndefined();
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
        details: { unit: 1, key: 'k1', was: 'needs_review', as: 'done', reason: 'seen in the portal', receipt: '1Z' },
      },
    ]);
    expect(inspectAudit(chain).broken).toBeUndefined();
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
      await using one = await makeOne(status);
      expect(one.settle({ as })).toBe(isOpen ? undefined : 'UNIT_NOT_OPEN');
      expect(one.unit()?.status).toBe(isOpen ? as : status);
    }
  });

  it('keeps error and attempts of a unit that is put back, and lets its job run again', async () => {
    await using one = await makeOne('needs_review', 'completed');
    expect(one.settle({ as: 'pending' })).toBeUndefined();
    expect(one.unit()).toMatchObject({ status: 'pending', attempts: 1, error: { code: 'E-3001' } });
    expect(one.state.reread(one.job).status).toBe('stopped');
  });

  it('leaves a finished job finished when nothing is put back', async () => {
    await using one = await makeOne('needs_review', 'completed');
    one.settle({ as: 'skipped' });
    expect(one.state.reread(one.job).status).toBe('completed');
  });

  it('JOB_CANCELLED: nothing of a cancelled job is put back; the rest can still be settled', async () => {
    await using one = await makeOne('needs_review', 'cancelled');
    expect(one.settle({ as: 'pending' })).toBe('JOB_CANCELLED');
    expect(one.settle({ as: 'done' })).toBeUndefined();
    expect(one.state.reread(one.job).status).toBe('cancelled');
  });

  it('JOB_UNKNOWN and UNIT_UNKNOWN', async () => {
    await using one = await makeOne('needs_review');
    expect(one.settle({ jobId: 'bnone' })).toBe('JOB_UNKNOWN');
    for (const unit of ['9', 'k9', '', '1 ']) expect(one.settle({ unit })).toBe('UNIT_UNKNOWN');
    expect(one.settle({ unit: 'k1' })).toBeUndefined();
  });

  it('RUNNER_ALIVE: the unit is in the hands of a living runner, which may not get back one either', async () => {
    for (const [status, as, code] of [
      ['in_doubt', 'done', 'RUNNER_ALIVE'],
      ['failed', 'skipped', 'RUNNER_ALIVE'],
      ['needs_review', 'pending', 'RUNNER_ALIVE'],
      ['needs_review', 'done', undefined],
    ] as const) {
      await using one = await makeOne(status, 'running');
      const lock = tryLock(lockOf(one.state, one.job));
      expect(one.settle({ as })).toBe(code);
      lock?.release();
    }
  });
});
