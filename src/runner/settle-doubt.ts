import { addToError, describeUnanswered, UNANSWERED_LIMIT } from '../core/execution/unanswered.ts';
import type { UnitEngine, VerifyOutcome } from '../core/execution/unit-engine.ts';
import type { JobError } from '../core/job/schema.ts';
import type { Clock } from '../core/ports.ts';
import type { HeldJob } from '../store/contract.ts';
import type { DoubtfulUnit } from '../store/records.ts';
import type { UnitEvent } from '../store/unit-events.ts';

const PAGE_UNITS = 500;

/**
 * How the units in doubt came out. `verified` were settled by the hook, either way; `unanswered` and `unasked` still are
 * in doubt, since the hook gave no answer or was not asked any more. `begun` are left to whoever runs units: their work
 * goes on by itself, and the engine attaches to it.
 */
export type DoubtSettled = Readonly<
  Record<'byReceipt' | 'verified' | 'toReview' | 'unanswered' | 'unasked' | 'begun', number>
>;

/**
 * Settles units in doubt, each once: a receipt proves it done; else the verify hook says done or not done. When the hook
 * gives no answer the unit stays in doubt, for the next run to ask again, and after `UNANSWERED_LIMIT` such questions it
 * waits for a person, as it does when there is no hook or its answer tells nothing. Each is committed by itself, so a
 * crash in the middle loses nothing.
 *
 * Errors: LEASE_FENCED, STATE_UNWRITABLE, STATE_UNREACHABLE.
 * Source: design, rule 6; formats/batch 3.6 (never back to pending by guessing); decisions/0024.
 */
export async function settleDoubt(options: {
  readonly held: Pick<HeldJob, 'inDoubt' | 'unitData' | 'commit'>;
  readonly engine: UnitEngine;
  readonly clock: Clock;
  /** Called before each unit, and after each vain question; what it throws ends the settling. */
  readonly checkNotStopped: () => void;
  readonly onSettled: (event: UnitEvent) => void;
}): Promise<DoubtSettled> {
  const { held, clock, checkNotStopped } = options;
  const record = async (event: UnitEvent) => {
    await held.commit({ events: [event] });
    options.onSettled(event);
  };
  const counts = { byReceipt: 0, verified: 0, toReview: 0, unanswered: 0, unasked: 0, begun: 0 };
  let lastNumber = 0;
  for (;;) {
    const units = await held.inDoubt({ number: lastNumber, limit: PAGE_UNITS });
    if (units.length === 0) return counts;
    for (const unit of units) {
      checkNotStopped();
      lastNumber = unit.number;
      const found = await judgeUnit(options, unit);
      // A hook that was ended together with the run was not asked in vain.
      if (found.type === 'unanswered') checkNotStopped();
      counts[countAs(found)] += 1;
      if (found.type === 'unasked' || found.type === 'begun') continue;
      await record({ ...found, number: unit.number, atMs: clock.nowMs() });
    }
  }
}

type Found =
  | { readonly type: 'done'; readonly receipt?: string; readonly by: 'verify' | 'receipt' }
  | { readonly type: 'not_done' }
  | { readonly type: 'unknown'; readonly error: JobError; readonly times?: number; readonly said?: string }
  | { readonly type: 'unanswered'; readonly error: JobError; readonly times: number; readonly said: string }
  | { readonly type: 'unasked' }
  | { readonly type: 'begun' };

type Settling = { readonly held: Pick<HeldJob, 'unitData'>; readonly engine: UnitEngine };

async function judgeUnit({ held, engine }: Settling, unit: DoubtfulUnit): Promise<Found> {
  const { number, key, idempotencyKey, receipt, attempts: attempt } = unit;
  if (receipt !== undefined) return { type: 'done', receipt, by: 'receipt' };
  if (unit.reference !== undefined && engine.attach) return { type: 'begun' };
  if (!engine.verify) {
    const message = 'its effect was started, its outcome is not known';
    return { type: 'unknown', error: { code: 'IN_DOUBT', message } };
  }
  const rowJson = await held.unitData(number);
  return translateVerdict(await engine.verify({ number, key, idempotencyKey, attempt, rowJson }), unit);
}

function translateVerdict(verdict: VerifyOutcome, { unanswered, doubt }: DoubtfulUnit): Found {
  if (verdict.type === 'done') return { ...verdict, by: 'verify' };
  if (verdict.type === 'not_done' || verdict.type === 'unasked') return { type: verdict.type };
  const times = unanswered + 1;
  const said = verdict.type === 'unknown' ? verdict.error : describeUnanswered(verdict.error, times);
  const error = doubt ? addToError(doubt, said) : said;
  if (verdict.type === 'unknown') return { type: 'unknown', error };
  return { type: times < UNANSWERED_LIMIT ? 'unanswered' : 'unknown', error, times, said: said.message };
}

function countAs(found: Found): keyof DoubtSettled {
  if (found.type === 'done' && found.by === 'receipt') return 'byReceipt';
  if (found.type === 'done' || found.type === 'not_done') return 'verified';
  return found.type === 'unknown' ? 'toReview' : found.type;
}
