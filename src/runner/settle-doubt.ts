import type { DatabaseSync } from 'node:sqlite';
import type { UnitEngine } from '../core/execution/unit-engine.ts';
import type { JobError } from '../core/job/schema.ts';
import type { Clock } from '../core/ports.ts';
import { changeStore } from '../store/database.ts';
import type { JobRecord } from '../store/jobs.ts';
import { checkFence } from '../store/leases.ts';
import { makeUnitJournal, type UnitEvent } from '../store/unit-journal.ts';
import { readUnitData, readUnits } from '../store/units.ts';

const PAGE_UNITS = 500;

/** How the units in doubt came out. `verified` were settled by the hook, either way. */
export type DoubtSettled = { readonly byReceipt: number; readonly verified: number; readonly toReview: number };

/**
 * Settles every unit in doubt: a receipt proves it done; else the verify hook says done or not done; else, or when
 * the hook cannot tell, it waits for a person. Each is committed by itself, so a crash in the middle loses nothing.
 *
 * Errors: LEASE_FENCED, STATE_UNWRITABLE.
 * Source: design, rule 6; formats/batch 3.6 (never back to pending by guessing).
 */
export async function settleDoubt(options: {
  readonly database: DatabaseSync;
  readonly job: JobRecord;
  readonly epoch: number;
  readonly engine: UnitEngine;
  readonly clock: Clock;
  /** Called before each unit; what it throws ends the settling. */
  readonly beforeEach: () => void;
  readonly onSettled: (event: UnitEvent) => void;
}): Promise<DoubtSettled> {
  const { database, job, epoch, engine, clock } = options;
  const journal = makeUnitJournal(database, job.seq, epoch);
  const record = (event: UnitEvent) => {
    changeStore(database, () => {
      checkFence(database, job.seq, epoch);
      journal.begin();
      journal.append(event);
    });
    options.onSettled(event);
  };
  let [byReceipt, verified, toReview] = [0, 0, 0];
  for (;;) {
    const { units } = readUnits(database, job, { statuses: ['in_doubt'], offset: 0, limit: PAGE_UNITS });
    if (units.length === 0) return { byReceipt, verified, toReview };
    for (const unit of units) {
      options.beforeEach();
      const { number, key, idempotencyKey, receipt, attempts: attempt } = unit;
      if (receipt !== undefined) {
        record({ type: 'done', number, receipt, by: 'receipt', atMs: clock.nowMs() });
        byReceipt += 1;
        continue;
      }
      const rowJson = readUnitData(database, job.seq, number);
      const verdict = await engine.verify?.({ number, key, idempotencyKey, attempt, rowJson });
      record({ ...translateVerdict(verdict), number, atMs: clock.nowMs() });
      if (!verdict || verdict.type === 'unknown') toReview += 1;
      else verified += 1;
    }
  }
}

type Verdict = Awaited<ReturnType<NonNullable<UnitEngine['verify']>>>;
type Settled =
  | { readonly type: 'not_done' }
  | { readonly type: 'done'; readonly receipt?: string; readonly by: 'verify' }
  | { readonly type: 'unknown'; readonly error: JobError };

function translateVerdict(verdict: Verdict | undefined): Settled {
  if (!verdict) {
    return {
      type: 'unknown',
      error: { code: 'IN_DOUBT', message: 'its effect was started, its outcome is not known' },
    };
  }
  if (verdict.type === 'done') return { ...verdict, by: 'verify' };
  return verdict;
}
