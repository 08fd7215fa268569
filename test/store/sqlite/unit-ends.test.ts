import { expect, it } from 'vitest';
import { changeStore } from '../../../src/store/sqlite/database.ts';
import { makeUnitJournal, retryFailedUnits } from '../../../src/store/sqlite/unit-journal.ts';
import { readUnits } from '../../../src/store/sqlite/units.ts';
import type { UnitEvent } from '../../../src/store/unit-events.ts';
import { makeTempState, SEED_MS } from '../../helpers/temp-state.ts';

const atMs = SEED_MS;
const number = 1;
const error = { code: 'E-3001', message: 'UPS API timeout' };
const FAILED: UnitEvent = { type: 'failed', number, error, atMs };
const settled = (as: 'done' | 'pending' | 'skipped'): UnitEvent => ({ type: 'settled', number, as, reason: 'x', atMs });

it.each<[string, readonly UnitEvent[], unknown]>([
  ['failed', [FAILED], ['failed', atMs, error]],
  ['put back to be retried', [{ type: 'retry', number, error, atMs }], ['pending', undefined, error]],
  ['settled as pending', [FAILED, settled('pending')], ['pending', undefined, error]],
  ['settled as skipped', [FAILED, settled('skipped')], ['skipped', atMs, error]],
  ['settled as done', [FAILED, settled('done')], ['done', atMs, undefined]],
  ['not done, as was made sure', [{ type: 'not_done', number, atMs }], ['pending', undefined, undefined]],
])('a unit has an end while it is done, failed or skipped, and its error until it is done: %s', async (...asked) => {
  const [, events, expected] = asked;
  await using state = await makeTempState();
  const { database } = state;
  const job = state.addJob({ units: ['pending'] });
  const journal = makeUnitJournal(database, job.seq, 1);
  changeStore(database, () => {
    journal.begin();
    for (const event of [{ type: 'intent', number, attempt: 1, atMs } as const, ...events]) journal.append(event);
  });
  const read = () => readUnits(database, job, { statuses: [], offset: 0, limit: 1 }).units[0];
  expect([read()?.status, read()?.finishedAtMs, read()?.error]).toEqual(expected);
  if (retryFailedUnits(database, job.seq, { epoch: 1, atMs }) === 1)
    expect([read()?.status, read()?.finishedAtMs, read()?.error]).toEqual(['pending', undefined, error]);
});
