import type { DatabaseSync } from 'node:sqlite';
import { judgeLiveness } from '../../core/diagnosis/judge-liveness.ts';
import { RecoveryError } from '../../core/errors.ts';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import { checkSettle, isPersons, type SettleFacts } from '../../core/plan/check-settle.ts';
import type { SettledUnit, SettleRequest } from '../../core/ports.ts';
import { findOrphans } from '../../platform/find-orphans.ts';
import { readOwnIdentity } from '../../platform/process-probe.ts';
import { appendAudit, checkAuditChain } from '../../store/audit.ts';
import { changeJob } from '../../store/high-water.ts';
import { endRun, type JobRecord, readJob, setStatus } from '../../store/jobs.ts';
import { insertLease, readEpoch, readRunner, readRunTokens, releaseLease } from '../../store/leases.ts';
import { makeUnitJournal } from '../../store/unit-journal.ts';
import { countUnitsByStatus, readNamedUnits } from '../../store/units.ts';
import { jobDirectory, lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';
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
export function settleUnits(
  database: DatabaseSync,
  stateDirectory: string,
  order: SettleOrder,
): readonly SettledUnit[] {
  const directory = jobDirectory(stateDirectory, order.jobId);
  return changeJob(database, { jobId: order.jobId, directory }, () => {
    const job = readJob(database, order.jobId);
    if (!job) {
      throw new RecoveryError('JOB_UNKNOWN', `there is no job ${order.jobId}`, { details: { job: order.jobId } });
    }
    checkAuditChain(database, job.seq);
    const facts = lookAtHolder(database, job, { lock: lockPath(stateDirectory, job.id), nowMs: order.atMs });
    const units = order.units.map((seen) => {
      const unit = findUnit(database, job, seen.number);
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
    const found = readEpoch(database, job.seq);
    if (found !== order.epoch) throw describeStale(job, { expected: order.epoch, found });
    const isFenced = needsFence(facts) && !units.every((unit) => isPersons(unit, order.as));
    const epoch = isFenced ? fence(database, job, { ...order, epoch: found + 1 }) : found;
    record(database, job, { units, order, epoch, fenced: isFenced });
    // A job that ran to its end has something to run again.
    if (order.as === 'pending' && job.status === 'completed') setStatus(database, job.seq, 'pending');
    if (isThrough(database, job)) endRun(database, job.seq, { status: 'completed', atMs: order.atMs });
    return units.map(({ number, key, status: was }) => ({ number, key, was, now: order.as }));
  });
}

/** Whether a job whose run ended short has nothing left to run: its error was that of a unit that is settled now. */
function isThrough(database: DatabaseSync, { seq, status, error }: JobRecord): boolean {
  const isEnded = status === 'failed' || status === 'stopped';
  if (!isEnded || isRowsFileError(error)) return false;
  const { pending, failed, in_doubt: inDoubt } = countUnitsByStatus(database, seq);
  return pending + failed + inDoubt === 0;
}

function lookAtHolder(
  database: DatabaseSync,
  job: JobRecord,
  { lock, nowMs }: { readonly lock: string; readonly nowMs: number },
): SettleFacts {
  const holder = readRunner(database, job.seq);
  const judgement =
    holder && holder.releasedAtMs === undefined ? judgeLiveness(holder, probeLiveness(holder, lock, nowMs)) : undefined;
  const tokens = readRunTokens(database, job.seq);
  // What a living runner has started is its own, not an orphan.
  const dead = judgement?.type === 'alive' ? tokens.filter((token) => token !== holder?.runToken) : tokens;
  return { job, orphans: findOrphans(dead), ...(holder && { holder }), ...(judgement && { judgement }) };
}

function findUnit(database: DatabaseSync, job: JobRecord, number: number): UnitFacts {
  const [unit] = readNamedUnits(database, job, { keys: [], numbers: [number] });
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

/** Takes an epoch and lets it go at once: whoever held the job before writes nothing more. */
function fence(
  database: DatabaseSync,
  job: JobRecord,
  { epoch, principal, atMs }: { readonly epoch: number; readonly principal: string; readonly atMs: number },
): number {
  const identity = readOwnIdentity();
  insertLease(database, { jobSeq: job.seq, epoch, purpose: 'settle', identity, runToken: '', principal, atMs });
  releaseLease(database, job.seq, { epoch, atMs });
  return epoch;
}

function record(
  database: DatabaseSync,
  job: JobRecord,
  change: {
    readonly units: readonly UnitFacts[];
    readonly order: SettleOrder;
    readonly epoch: number;
    readonly fenced: boolean;
  },
): void {
  const { as, reason, receipt, atMs, principal } = change.order;
  const journal = makeUnitJournal(database, job.seq, change.epoch);
  journal.begin();
  for (const [index, { number, key, status: was }] of change.units.entries()) {
    journal.append({ type: 'settled', number, as, reason, atMs, ...(receipt !== undefined && { receipt }) });
    const took = change.fenced && index === 0 ? { epoch: change.epoch } : {};
    appendAudit(database, job.seq, {
      atMs,
      principal,
      action: 'settle',
      outcome: 'done',
      details: { unit: number, key, was, as, reason, receipt: receipt ?? null, ...took },
    });
  }
}
