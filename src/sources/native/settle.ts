import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { UnitStatus } from '../../core/job/schema.ts';
import { describeHolder, pickHolder } from '../../core/plan/check-choice.ts';
import type { SettleRequest } from '../../core/ports.ts';
import { probeLock } from '../../platform/lock-file.ts';
import { appendAudit } from '../../store/audit.ts';
import { changeStore } from '../../store/database.ts';
import { type JobRecord, readJob, setStatus } from '../../store/jobs.ts';
import { readEpoch, readRunner } from '../../store/leases.ts';
import { makeUnitJournal } from '../../store/unit-journal.ts';
import { findUnit } from '../../store/units.ts';

/**
 * Settles one unit by a person's word, with the reason, in one transaction with its audit entry.
 *
 * Errors: JOB_UNKNOWN, UNIT_UNKNOWN, UNIT_NOT_OPEN; RUNNER_ALIVE for a unit the runner has in hand; JOB_CANCELLED for
 * putting a unit of a cancelled job back to be done.
 * Source: design, rule 6; formats/batch 3.6 (needs_review has a way out).
 */
export function settleUnit(
  database: DatabaseSync,
  request: SettleRequest & { readonly principal: string; readonly atMs: number },
  lockPath: string,
): void {
  // Probed outside the transaction: the lock file is the runner's, the store is ours.
  const runnerLives = probeLock(lockPath) === 'held';
  changeStore(database, () => {
    const { job, unit } = findOpenUnit(database, request);
    const { as, receipt, reason, atMs, principal } = request;
    if (runnerLives && (unit.status !== 'needs_review' || as === 'pending')) throw describeHeld(database, job, unit);
    const journal = makeUnitJournal(database, job.seq, readEpoch(database, job.seq));
    journal.begin();
    journal.append({
      type: 'settled',
      number: unit.number,
      as,
      reason,
      atMs,
      ...(receipt !== undefined && { receipt }),
    });
    // A job that ran to its end has something to run again.
    if (as === 'pending' && job.status === 'completed') setStatus(database, job.seq, 'stopped');
    appendAudit(database, job.seq, {
      atMs,
      principal,
      action: 'settle',
      outcome: 'done',
      details: { unit: unit.number, key: unit.key, was: unit.status, as, reason, receipt: receipt ?? null },
    });
  });
}

const OPEN: readonly UnitStatus[] = ['in_doubt', 'needs_review', 'failed'];

function findOpenUnit(
  database: DatabaseSync,
  request: SettleRequest,
): { readonly job: JobRecord; readonly unit: UnitFacts } {
  const job = readJob(database, request.jobId);
  if (!job)
    throw new RecoveryError('JOB_UNKNOWN', `there is no job ${request.jobId}`, { details: { job: request.jobId } });
  const unit = findUnit(database, job, request.unit);
  const details = { job: job.id, unit: unit?.number ?? request.unit };
  if (!unit) throw new RecoveryError('UNIT_UNKNOWN', `job '${job.name}' has no row '${request.unit}'`, { details });
  if (!OPEN.includes(unit.status)) {
    throw new RecoveryError('UNIT_NOT_OPEN', `row ${unit.number} (${unit.key}) is ${unit.status}`, { details });
  }
  if (job.status === 'cancelled' && request.as === 'pending') {
    const message = `job '${job.name}' was cancelled; row ${unit.number} cannot be put back`;
    throw new RecoveryError('JOB_CANCELLED', message, { details });
  }
  return { job, unit };
}

function describeHeld(database: DatabaseSync, job: JobRecord, unit: UnitFacts): RecoveryError {
  const holder = readRunner(database, job.seq);
  const who = holder ? describeHolder(holder) : 'its runner';
  return new RecoveryError('RUNNER_ALIVE', `${who} holds the job and row ${unit.number}`, {
    details: { job: job.id, unit: unit.number, ...(holder && { holder: pickHolder(holder) }) },
  });
}
