import { judgeLiveness } from '../../core/diagnosis/judge-liveness.ts';
import { RecoveryError } from '../../core/errors.ts';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { UnitStatus } from '../../core/job/schema.ts';
import { checkSettle, isPersons, type SettleFacts } from '../../core/plan/check-settle.ts';
import type { SettledAs, SettledUnit, SettleRequest } from '../../core/ports.ts';
import { findOrphans } from '../../platform/find-orphans.ts';
import { checkChain } from '../../store/audit-chain.ts';
import type { Decision, JobChange, JobState, JobStore } from '../../store/contract.ts';
import type { JobRecord } from '../../store/records.ts';
import { isRowsFileError } from './write-back.ts';

/** A person's word about units, with who says it and when (epoch milliseconds). */
export type SettleOrder = SettleRequest & { readonly principal: string; readonly atMs: number };

/**
 * Settles units by a person's word, with the reason: all of them or none, in one transaction with an audit entry each.
 *
 * Everything is judged inside the transaction that changes the units, while no runner can take the job: whether its
 * holder lives, by lock, process and heartbeat as a recovery would; whether it gave a sign of life since it was seen;
 * whether anybody held the job since then;
 * and whether each unit is as it was seen. A holder that counts as dead and never let go is fenced by a higher epoch,
 * so that one that was judged wrongly (it slept on another host) cannot write over the word.
 *
 * Errors: JOB_UNKNOWN, UNIT_UNKNOWN, AUDIT_BROKEN, STORE_REGRESSED, EVIDENCE_STALE, and those of `checkSettle`.
 * Source: design, rules 6, 7 and 9; formats/batch 3.6 (needs_review has a way out).
 */
export function settleUnits(store: JobStore, order: SettleOrder): Promise<readonly SettledUnit[]> {
  const numbers = order.units.map(({ number }) => number);
  return store.change(order.jobId, { units: numbers, withCounts: true }, (state): Decision<readonly SettledUnit[]> => {
    const { job, epoch: found } = state;
    checkChain(state.audit);
    const facts = describeHolding(state);
    const units = order.units.map((seen) => {
      const unit = findUnit(state, seen.number);
      const { as, runnerSeen, heartbeatSeenMs } = order;
      const word = {
        as,
        seenSequence: seen.eventSequence,
        ...(runnerSeen && { runnerSeen }),
        ...(heartbeatSeenMs !== undefined && { heartbeatSeenMs }),
      };
      const refusal = checkSettle(facts, unit, word);
      if (refusal) throw refusal;
      return unit;
    });
    if (found !== order.epoch) throw describeStale(job, { expected: order.epoch, found });
    const isFenced = needsFence(facts) && !units.every((unit) => isPersons(unit, order.as));
    return {
      answer: units.map(({ number, key, status: was }) => ({ number, key, was, now: order.as })),
      change: {
        ...describeChange(order, units, isFenced ? found + 1 : undefined),
        // A job that ran to its end has something to run again.
        ...(order.as === 'pending' && job.status === 'completed' && { status: 'pending' }),
        ...(isThrough(state, units, order.as) && { end: { status: 'completed' } }),
      },
    };
  });
}

const LEFT: readonly UnitStatus[] = ['pending', 'failed', 'in_doubt'];

/** Whether a job whose run ended short has nothing left to run: its error was that of a unit that is settled now. */
function isThrough({ job, counts }: JobState, units: readonly UnitFacts[], as: SettledAs): boolean {
  const isEnded = job.status === 'failed' || job.status === 'stopped';
  if (!isEnded || !counts || as === 'pending' || isRowsFileError(job.error)) return false;
  const left = LEFT.reduce((sum, status) => sum + counts[status], 0);
  return left === units.filter(({ status }) => LEFT.includes(status)).length;
}

function describeHolding({ job, runner: holder, liveness, runTokens }: JobState): SettleFacts {
  const judgement = holder && liveness && judgeLiveness(holder, liveness);
  // What a living runner has started is its own, not an orphan.
  const dead = judgement?.type === 'alive' ? runTokens.filter((token) => token !== holder?.runToken) : runTokens;
  return { job, orphans: findOrphans(dead), ...(holder && { holder }), ...(judgement && { judgement }) };
}

function findUnit({ job, units }: JobState, number: number): UnitFacts {
  const unit = units.find((one) => one.number === number);
  if (unit) return unit;
  throw new RecoveryError('UNIT_UNKNOWN', `job '${job.name}' has no row ${number}`, {
    details: { job: job.id, unit: number },
  });
}

function describeStale(
  job: JobRecord,
  { expected, found }: { readonly expected: number; readonly found: number },
): RecoveryError {
  const message = `job '${job.name}' was taken since it was looked at: epoch was ${expected}, is ${found}`;
  return new RecoveryError('EVIDENCE_STALE', message, { details: { job: job.id, expected, found } });
}

/** Whether a holder that is taken for dead could still write: it never let go, and nobody has taken the job since. */
function needsFence({ holder, judgement }: SettleFacts): boolean {
  return judgement?.type === 'dead' && holder?.fenced === false;
}

/** What the word writes; `epoch` is the one it takes, when it has to fence somebody. */
function describeChange(order: SettleOrder, units: readonly UnitFacts[], epoch: number | undefined): JobChange {
  const { as, reason, receipt, atMs, principal } = order;
  const said = { as, reason, ...(receipt !== undefined && { receipt }) };
  return {
    atMs,
    ...(epoch !== undefined && { fence: { purpose: 'settle', principal } }),
    events: units.map(({ number }) => ({ type: 'settled', number, ...said, atMs })),
    audit: units.map(({ number, key, status: was }, index) => {
      const took = epoch !== undefined && index === 0 ? { epoch } : {};
      const details = { unit: number, key, was, as, reason, receipt: receipt ?? null, ...took };
      return { atMs, principal, action: 'settle', outcome: 'done', details };
    }),
  };
}
