import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../core/errors.ts';
import { describeHolder, pickHolder } from '../core/plan/check-choice.ts';
import type { FactChange } from '../core/plan/fact-change.ts';
import { describeStale } from '../core/plan/plan-basis.ts';
import { readOwnIdentity } from '../platform/process-probe.ts';
import { type AuditWord, appendAudit, checkAuditChain } from '../store/audit.ts';
import { readJournalSequence } from '../store/evidence-queries.ts';
import { changeJob, type JournalMark, openJournalMark } from '../store/high-water.ts';
import { type JobRecord, readJob } from '../store/jobs.ts';
import { insertLease, readEpoch, readRunner } from '../store/leases.ts';
import { takeLock } from '../store/take-lock.ts';

/** A held lease: the kernel lock and the fencing epoch. Release the lock last. */
export type HeldLease = {
  readonly epoch: number;
  readonly runToken: string;
  /** The job's own. */
  readonly directory: string;
  /** Follows the commits of the run. */
  readonly mark: JournalMark;
  readonly releaseLock: () => void;
};

/** What must still be true for the lease to be taken. */
export type ExpectedState = { readonly epoch: number; readonly status: string; readonly journalSequence: number };

/**
 * Takes a job: the kernel lock, a higher epoch, the audit entry and the change that goes with it, in one transaction.
 *
 * Taking the lock inside the transaction means that whoever loses always finds the winner recorded.
 *
 * Errors: LEASE_HELD naming the holder; EVIDENCE_STALE when the job is no longer as it was seen; AUDIT_BROKEN;
 *         STORE_REGRESSED.
 * Source: design, rules 7, 8 and 9.
 */
export function holdLease(options: {
  readonly database: DatabaseSync;
  readonly lockPath: string;
  readonly job: Pick<JobRecord, 'seq' | 'id' | 'name'>;
  readonly expected: ExpectedState;
  readonly audit: AuditWord;
  readonly change: (epoch: number) => void;
}): HeldLease {
  const { database, job, expected, audit } = options;
  const runToken = randomBytes(16).toString('hex');
  const epoch = expected.epoch + 1;
  const directory = dirname(options.lockPath);
  let release: (() => void) | undefined;
  try {
    changeJob(database, { jobId: job.id, directory }, () => {
      checkUnchanged(database, job, expected);
      checkAuditChain(database, job.seq);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const lock = takeLock(options.lockPath);
      if (!lock) throw describeConflict(database, job);
      release = lock.release;
      insertLease(database, {
        jobSeq: job.seq,
        epoch,
        purpose: 'run',
        identity: readOwnIdentity(),
        runToken,
        principal: audit.principal,
        atMs: audit.atMs,
      });
      appendAudit(database, job.seq, { ...audit, details: { ...audit.details, epoch } });
      options.change(epoch);
    });
  } catch (error) {
    release?.();
    throw error;
  }
  const mark = openJournalMark(directory);
  const releaseLock = () => {
    mark.close();
    release?.();
  };
  return { epoch, runToken, directory, mark, releaseLock };
}

/**
 * Checks, inside a transaction, that a job is as it was seen.
 *
 * Errors: EVIDENCE_STALE, or LEASE_HELD when somebody took it meanwhile.
 */
export function checkUnchanged(
  database: DatabaseSync,
  job: Pick<JobRecord, 'seq' | 'id' | 'name'>,
  expected: ExpectedState,
): void {
  const found: ExpectedState = {
    epoch: readEpoch(database, job.seq),
    status: readJob(database, job.id)?.status ?? 'gone',
    journalSequence: readJournalSequence(database, job.seq),
  };
  if (found.epoch !== expected.epoch && found.status === 'running') throw describeConflict(database, job);
  const compared: readonly FactChange[] = [
    { fact: 'epoch', was: expected.epoch, is: found.epoch },
    { fact: 'status', was: expected.status, is: found.status },
    { fact: 'journal', was: expected.journalSequence, is: found.journalSequence },
  ];
  const changes = compared.filter(({ was, is }) => was !== is);
  if (changes.length > 0) throw describeStale({ jobId: job.id, jobName: job.name }, changes);
}

function describeConflict(database: DatabaseSync, job: Pick<JobRecord, 'seq' | 'id' | 'name'>): RecoveryError {
  const holder = readRunner(database, job.seq);
  const who = holder ? describeHolder(holder) : 'another process';
  return new RecoveryError('LEASE_HELD', `job '${job.name}' is held by ${who}`, {
    details: { job: job.id, ...(holder && { holder: pickHolder(holder) }) },
  });
}
