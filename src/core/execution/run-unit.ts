/**
 * One unit, so that it is never done twice silently:
 * intent (committed) -> effect -> receipt (committed as soon as known) -> outcome (committed).
 * An unknown outcome is settled by the verify hook, or stays in doubt when that does not answer; without a hook it
 * waits for a person.
 */
import { type ErrorCode, isRecoveryError } from '../errors.ts';
import type { JobError } from '../job/schema.ts';
import type { Clock, Faults } from '../ports.ts';
import { addToError, describeUnanswered } from './unanswered.ts';
import type { BegunWork, OnReceipt, TakenBackWord, UnitEngine, UnitOutcome, UnitWork } from './unit-engine.ts';

/** What becomes known of a unit, in the order it does. Times are epoch milliseconds. */
export type UnitNews = {
  readonly number: number;
  readonly atMs: number;
} & (
  | { readonly type: 'intent'; readonly attempt: number }
  | { readonly type: 'begun'; readonly reference: string }
  | { readonly type: 'receipt'; readonly receipt: string }
  | { readonly type: 'done'; readonly receipt?: string; readonly resultJson?: string; readonly by?: 'verify' }
  | { readonly type: 'not_done' }
  | {
      readonly type: 'failed' | 'retry' | 'unknown' | 'taken_back';
      readonly error: JobError;
      readonly receipt?: string;
    }
  /** `said` is what the vain question adds to the error. */
  | { readonly type: 'unanswered'; readonly error: JobError; readonly times: number; readonly said: string }
);

/** What running units needs of the world. `record` resolves once the news is on disk. */
export type UnitPorts = {
  readonly engine: UnitEngine;
  readonly record: (news: UnitNews) => Promise<void>;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Milliseconds to wait before try `tries + 1`, or undefined when the error is not to be retried. */
  readonly delayBeforeRetryMs: (error: JobError, tries: number) => number | undefined;
  /** Why a unit whose failure was accepted is not to be tried again after all: its engine took that back. */
  readonly takenBack?: (number: number) => TakenBackWord | undefined;
  /** Waits; resolves to false when the run is to stop instead. */
  readonly wait: (durationMs: number) => Promise<boolean>;
};

/** Codes an engine rejects with before it has begun an effect. */
const NOT_BEGUN: ReadonlySet<ErrorCode> = new Set(['RUN_FAILED', 'RUN_INTERRUPTED']);

/** How a unit came out of one run. `committed` resolves once that is on disk. */
export type UnitEnd = {
  readonly type: 'done' | 'failed' | 'unknown' | 'unanswered' | 'postponed';
  readonly error?: JobError;
  readonly receipt?: string;
  readonly committed: Promise<void>;
};

/**
 * Runs one pending unit to an outcome, retries included; of one that was begun before, its first try is attached to.
 *
 * Errors: whatever `record` rejects with (a fenced or unwritable store); the effect is then not begun, or in doubt.
 * Source: design, rule 6 and durable execution.
 */
export async function runUnit(unit: UnitWork | BegunWork, ports: UnitPorts): Promise<UnitEnd> {
  for (let tries = 1; ; tries += 1) {
    const work = { ...unit, attempt: unit.attempt + tries - 1 };
    const attempt = await attemptUnit(work, ports, tries === 1 && 'reference' in unit ? unit : undefined);
    if (attempt.outcome.type !== 'failed') return recordEnd(work, attempt, ports);
    const { error } = attempt.outcome;
    const delayMs = ports.delayBeforeRetryMs(error, tries);
    if (delayMs === undefined) return recordEnd(work, attempt, ports);
    const committed = ports.record({ type: 'retry', number: work.number, error, atMs: ports.clock.nowMs() });
    await committed;
    const mayGoOn = await ports.wait(delayMs);
    const takenBack = ports.takenBack?.(work.number);
    if (takenBack) return { type: 'unknown', ...takenBack, committed };
    if (!mayGoOn) return { type: 'postponed', error, committed };
  }
}

type Attempt = {
  readonly outcome: UnitOutcome;
  readonly verified: boolean;
  /** How often the hook was asked and gave no answer, and what it said instead. */
  readonly unanswered?: { readonly times: number; readonly said: string };
};

async function attemptUnit(work: UnitWork, ports: UnitPorts, begun: BegunWork | undefined): Promise<Attempt> {
  const { engine, faults } = ports;
  const { number } = work;
  const outcome =
    begun && engine.attach ? await engine.attach(begun, keepReceipt(number, ports)) : await begin(work, ports);
  faults.reach('after-effect');
  const canBeAsked = outcome.type === 'unknown' && outcome.receipt === undefined && outcome.isOver !== false;
  if (!canBeAsked || !engine.verify) return { outcome, verified: false };
  const verdict = await engine.verify(work);
  if (verdict.type === 'done') return { outcome: verdict, verified: true };
  // While the hook was asked, an earlier try may have turned out not to have failed: the hook looked too soon then.
  const takenBack = ports.takenBack?.(number);
  if (takenBack) return { outcome: { type: 'unknown', ...takenBack }, verified: true };
  // The hook proved that nothing happened, so this attempt failed for the reason it was in doubt.
  if (verdict.type === 'not_done') return { outcome: { type: 'failed', error: outcome.error }, verified: true };
  const times = verdict.type === 'unanswered' ? 1 : 0;
  const said = verdict.type === 'unknown' ? verdict.error : describeUnanswered(verdict.error, times);
  return {
    outcome: { type: 'unknown', error: addToError(outcome.error, said) },
    verified: true,
    ...(verdict.type !== 'unknown' && { unanswered: { times, said: said.message } }),
  };
}

async function begin(work: UnitWork, ports: UnitPorts): Promise<UnitOutcome> {
  const { record, clock, faults } = ports;
  await record({ type: 'intent', number: work.number, attempt: work.attempt, atMs: clock.nowMs() });
  faults.reach('after-intent');
  return performOrWithdraw(work, ports);
}

function keepReceipt(number: number, { record, clock, faults }: UnitPorts): OnReceipt {
  return async (receipt) => {
    faults.reach('before-receipt');
    await record({ type: 'receipt', number, receipt, atMs: clock.nowMs() });
    faults.reach('after-receipt');
  };
}

/**
 * A rejection says that the effect was never begun, so the intent is withdrawn and the unit is not in doubt; once a
 * reference was told, the work goes on by itself.
 */
async function performOrWithdraw(work: UnitWork, ports: UnitPorts): Promise<UnitOutcome> {
  const { engine, record, clock, faults } = ports;
  const { number } = work;
  let isBegun = false;
  try {
    return await engine.perform(work, keepReceipt(number, ports), async (reference) => {
      isBegun = true;
      faults.reach('before-reference');
      await record({ type: 'begun', number, reference, atMs: clock.nowMs() });
      faults.reach('after-reference');
    });
  } catch (thrown) {
    if (!isBegun && isRecoveryError(thrown) && NOT_BEGUN.has(thrown.code)) {
      await record({ type: 'not_done', number, atMs: clock.nowMs() });
    }
    throw thrown;
  }
}

function recordEnd(work: UnitWork, { outcome, verified, unanswered }: Attempt, { record, clock }: UnitPorts): UnitEnd {
  const { number } = work;
  const atMs = clock.nowMs();
  if (outcome.type === 'unknown' && unanswered !== undefined) {
    const { error } = outcome;
    const committed = record({ type: 'unanswered', number, error, ...unanswered, atMs });
    return { type: 'unanswered', error, committed };
  }
  if (outcome.type !== 'done') {
    const receipt = outcome.type === 'unknown' && outcome.receipt !== undefined ? { receipt: outcome.receipt } : {};
    const committed = record({ type: outcome.type, number, error: outcome.error, ...receipt, atMs });
    return { type: outcome.type, error: outcome.error, ...receipt, committed };
  }
  const by = verified ? { by: 'verify' as const } : {};
  const { type: _type, ...found } = outcome;
  const committed = record({ type: 'done', number, ...found, ...by, atMs });
  return { type: 'done', ...(outcome.receipt !== undefined && { receipt: outcome.receipt }), committed };
}
