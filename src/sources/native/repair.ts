import type { DatabaseSync } from 'node:sqlite';
import { judgeLiveness } from '../../core/diagnosis/judge-liveness.ts';
import { RecoveryError } from '../../core/errors.ts';
import { describeHolder, pickHolder } from '../../core/plan/check-choice.ts';
import { findProcessesByEnvironment, readOwnIdentity } from '../../platform/process-probe.ts';
import { type Accepted, acceptRegression, inspectRegression, type Regressed } from '../../store/accept-regression.ts';
import { lookAtStore, openExistingStore } from '../../store/database.ts';
import { changeJob } from '../../store/high-water.ts';
import { type JobRecord, readJob } from '../../store/jobs.ts';
import { readRunner } from '../../store/leases.ts';
import { takeLock } from '../../store/take-lock.ts';
import { jobDirectory, lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';

/** Who repairs a job, why, and what was shown. `atMs` is the time of consent, epoch milliseconds. */
export type RepairOrder = {
  readonly jobId: string;
  readonly principal: string;
  readonly reason: string;
  readonly atMs: number;
  readonly seen: Regressed;
};

/**
 * Looks whether a job's store went back in time; undefined when it did not. Nothing is changed.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW, JOB_UNKNOWN.
 */
export function findRegressed(stateDirectory: string, jobId: string): Regressed | undefined {
  return lookAtStore(stateDirectory, (database) =>
    inspectRegression(database, findJob(database, jobId).seq, jobDirectory(stateDirectory, jobId)),
  );
}

/**
 * Accepts the store of a job as it is: audited, with every unit in doubt that may have been run since, in one
 * transaction. Whoever ran the job in what the store has lost is fenced; one that lives still, or a command that it left,
 * would act on, so nothing is accepted while there is one.
 *
 * Errors: JOB_UNKNOWN, NOTHING_TO_RECOVER, EVIDENCE_STALE, LEASE_HELD, RUNNER_ALIVE, LIVENESS_UNKNOWN, ORPHAN_NOT_ENDED,
 *         AUDIT_BROKEN, LOCK_DAMAGED, and those of `changeJob`; nothing is changed then.
 * Source: contract, repair; decisions/0016; design, rules 6, 7, 8 and 9.
 */
export function repairJob(stateDirectory: string, order: RepairOrder): Accepted {
  const { jobId } = order;
  const directory = jobDirectory(stateDirectory, jobId);
  const database = openExistingStore(stateDirectory);
  let release: (() => void) | undefined;
  try {
    return changeJob(database, { jobId, directory, accepts: 'regression' }, () => {
      const job = findJob(database, jobId);
      const regressed = inspectRegression(database, job.seq, directory);
      if (!regressed) throw describeWhole(job.name, stateDirectory);
      checkSeen(job, order.seen, regressed);
      release = holdLock(job, lockPath(stateDirectory, jobId));
      checkNobodyActs(database, job, { lock: lockPath(stateDirectory, jobId), nowMs: order.atMs });
      const { principal, reason, atMs } = order;
      return acceptRegression(database, job, {
        regressed,
        word: { principal, reason, atMs, identity: readOwnIdentity() },
      });
    });
  } finally {
    release?.();
    database.close();
  }
}

/** What is said of a job with nothing to repair. Errors: none. */
export function describeWhole(name: string, stateDirectory: string): RecoveryError {
  return new RecoveryError(
    'NOTHING_TO_RECOVER',
    `the store of job '${name}' in ${stateDirectory} did not go back in time`,
  );
}

function findJob(database: DatabaseSync, jobId: string): JobRecord {
  const job = readJob(database, jobId);
  if (job) return job;
  throw new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId}`, { details: { job: jobId } });
}

/** What was agreed to is what is there. */
function checkSeen(job: JobRecord, seen: Regressed, found: Regressed): void {
  if (JSON.stringify(seen) === JSON.stringify(found)) return;
  const message = `how far job '${job.name}' is, or once was, changed since it was looked at`;
  throw new RecoveryError('EVIDENCE_STALE', message, { details: { job: job.id } });
}

/** A runner that the store has forgotten holds the lock while it lives. */
function holdLock(job: JobRecord, path: string): () => void {
  const lock = takeLock(path);
  if (lock) return lock.release;
  const message = `somebody holds the lock of job '${job.name}' (${path}): a runner lives that the store may not know of`;
  throw new RecoveryError('LEASE_HELD', message, { details: { job: job.id, path } });
}

function checkNobodyActs(
  database: DatabaseSync,
  job: JobRecord,
  { lock, nowMs }: { readonly lock: string; readonly nowMs: number },
): void {
  const holder = readRunner(database, job.seq);
  if (holder && holder.releasedAtMs === undefined && !holder.fenced) {
    const judgement = judgeLiveness(holder, { ...probeLiveness(holder, lock, nowMs), lock: 'free' });
    const details = { job: job.id, holder: pickHolder(holder) };
    if (judgement.type === 'alive') {
      throw new RecoveryError('RUNNER_ALIVE', `${describeHolder(holder)} holds the job`, { details });
    }
    if (judgement.type === 'unknown') {
      const message = `whether the job still runs cannot be told: ${judgement.reason}`;
      throw new RecoveryError('LIVENESS_UNKNOWN', message, { details });
    }
  }
  // Run tokens went with the leases that were lost; whose command it is says its job's id as well.
  const [left] = findProcessesByEnvironment(new Set([`SALVOR_JOB_ID=${job.id}`]));
  if (!left) return;
  const message = `process ${left.pid} (${left.command}) of a run of job '${job.name}' still works`;
  throw new RecoveryError('ORPHAN_NOT_ENDED', message, { details: { job: job.id, pid: left.pid } });
}
