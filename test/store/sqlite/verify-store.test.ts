import { describe, expect, it } from 'vitest';
import { UNIT_STATUSES } from '../../../src/core/job/schema.ts';
import { appendAudit } from '../../../src/store/sqlite/audit.ts';
import { resetUnits, retryFailedUnits } from '../../../src/store/sqlite/unit-journal.ts';
import { verifyStore } from '../../../src/store/sqlite/verify-store.ts';
import { makeTempState, type TempState } from '../../helpers/temp-state.ts';

/** A job with a unit in every state, some put back, and a chain of two entries. */
async function makeState(): Promise<TempState> {
  const state = await makeTempState();
  const job = state.addJob({ id: 'bone', units: [...UNIT_STATUSES, 'done', 'failed'] });
  retryFailedUnits(state.database, job.seq, { epoch: 1, atMs: 0 });
  const other = state.addJob({ id: 'btwo', units: UNIT_STATUSES });
  resetUnits(state.database, other.seq, { epoch: 1, atMs: 0 });
  for (const action of ['run', 'resume'])
    appendAudit(state.database, job.seq, { atMs: 0, principal: 'ops', action, outcome: 'done', details: {} });
  return state;
}

describe('verifyStore', () => {
  it('finds nothing in a store that Salvor wrote, whatever its units went through', async () => {
    await using state = await makeState();
    expect(verifyStore(state.database)).toEqual([]);
  });

  it.each([
    ["UPDATE units SET status = 'done' WHERE number = 1", 'row 1 has a state that does not follow from the journal'],
    ["UPDATE units SET status = 'pending' WHERE number IN (2, 3)", 'rows 2, 3 have a state'],
    ['DELETE FROM unit_events WHERE sequence = 2', 'its journal has'],
    ['DELETE FROM unit_data WHERE number = 4', 'row 4 has no input'],
    ["UPDATE audit SET principal = 'eve' WHERE sequence = 1", 'its audit chain is broken at entry 1'],
    ['DELETE FROM audit WHERE sequence = 2', 'its audit chain is broken at entry 2'],
  ])('names the job and the place: %s', async (sql, problem) => {
    await using state = await makeState();
    state.database.exec(`${sql} ${sql.includes('audit') ? '' : 'AND job_seq = 1'}`);
    expect(verifyStore(state.database)).toContainEqual({
      type: 'damaged',
      jobId: 'bone',
      problem: expect.stringContaining(problem),
    });
  });

  it.each(['units_by_status', 'units_open', 'leases_beating'])('misses the index %s', async (name) => {
    await using state = await makeState();
    state.database.exec(`DROP INDEX ${name}`);
    expect(verifyStore(state.database)).toEqual([{ type: 'damaged', problem: `index ${name} is missing` }]);
  });
});
