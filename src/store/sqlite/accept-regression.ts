/** A person accepts a store that went back in time as the truth from now on. Source: decisions/0016. */
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';
import { describeRegression } from '../../core/plan/describe-regression.ts';
import type { HeldLock } from '../../platform/lock-file.ts';
import { checkChain } from '../audit-chain.ts';
import type { JobState } from '../contract.ts';
import { describeJobUnknown } from '../lease-errors.ts';
import type { JobRecord } from '../records.ts';
import { type Accepted, type AcceptWord, describeWhole, formatReached, type Regressed } from '../regressions.ts';
import { jobDirectory, lockPath } from '../state-directory.ts';
import { appendAudit } from './audit.ts';
import { readState } from './change-job.ts';
import type { Connection } from './connection.ts';
import { doubtUnits } from './doubt-units.ts';
import { changeJob, findRegression, readHighWater, readReached } from './high-water.ts';
import { readJob } from './jobs.ts';
import { insertLease, releaseLease } from './leases.ts';
import { takeLock } from './take-lock.ts';

/** Where nothing says how far epochs and events had come, this many are left out: no run has had so many holders. */
const LEAP = 1_000_000;

/** How far behind a job is; undefined when it is not. Errors: JOB_UNKNOWN, and those of reading. */
export function inspectRegression({ stateDirectory, read }: Connection, jobId: string): Regressed | undefined {
  // Before the store, which only goes forward.
  const mark = readHighWater(jobDirectory(stateDirectory, jobId));
  const seen = read((database) => {
    const job = readJob(database, jobId);
    return job && { regressed: compare(database, job.seq, mark) };
  });
  if (!seen) throw describeJobUnknown(jobId);
  return seen.regressed;
}

/**
 * Compares a job with its mark; undefined when its store is as far or further.
 *
 * Shapes: only where nothing but entries of the audit chain are missing, nothing can have been run: whoever runs takes an
 *         epoch, and every row has an event. A mark that cannot be read, and another history, say nothing.
 * Errors: none.
 */
function compare(
  database: DatabaseSync,
  jobSeq: number,
  read: ReturnType<typeof readHighWater>,
): Regressed | undefined {
  const regression = findRegression(database, jobSeq, read);
  if (!regression) return undefined;
  const found = readReached(database, jobSeq);
  const mark = read && !('damaged' in read) ? read : undefined;
  const isShorter = regression.what === 'audit' && mark !== undefined && mark.auditSequence > found.auditSequence;
  return { regression, found, mayHaveRun: !isShorter, ...(mark && { mark }) };
}

/** What is accepted, by whom, and who judges it. */
type Acceptance = { readonly word: AcceptWord; readonly judge: (state: JobState, regressed: Regressed) => void };

/**
 * Takes what the store says of a job for the truth, and marks it anew. The lock is held meanwhile: a runner that the store
 * has forgotten holds it while it lives.
 *
 * Errors: those of the contract; nothing is changed then.
 */
export function acceptRegression(connection: Connection, jobId: string, { word, judge }: Acceptance): Accepted {
  const { stateDirectory } = connection;
  const database = connection.open();
  const directory = jobDirectory(stateDirectory, jobId);
  let lock: HeldLock | undefined;
  try {
    return changeJob(database, { jobId, directory, accepts: 'regression' }, (job) => {
      const regressed = compare(database, job.seq, readHighWater(directory));
      if (!regressed) throw describeWhole(job.name, stateDirectory);
      lock = holdLock(job, lockPath(stateDirectory, jobId));
      const state = readState(connection, job, {});
      const { liveness } = state;
      judge({ ...state, ...(liveness && { liveness: { ...liveness, lock: 'free' } }) }, regressed);
      checkChain(state.audit);
      return { answer: writeAccepted(connection, job, { regressed, word }), isChanged: true };
    });
  } finally {
    lock?.release();
  }
}

function holdLock(job: JobRecord, path: string): HeldLock {
  const lock = takeLock(path);
  if (lock) return lock;
  const message = `somebody holds the lock of job '${job.name}' (${path}): a runner lives that the store may not know of`;
  throw new RecoveryError('LEASE_HELD', message, { details: { job: job.id, path } });
}

function writeAccepted(
  connection: Connection,
  { seq: jobSeq, status }: JobRecord,
  { regressed, word }: { readonly regressed: Regressed; readonly word: AcceptWord },
): Accepted {
  const database = connection.open();
  const { regression, mark, found, mayHaveRun } = regressed;
  const { principal, reason, atMs } = word;
  const above = (name: 'epoch' | 'journalSequence') => Math.max(found[name], mark?.[name] ?? found[name] + LEAP);
  const epoch = above('epoch') + 1;
  const identity = connection.identity();
  insertLease(database, { jobSeq, epoch, purpose: 'repair', identity, runToken: '', principal, atMs });
  releaseLease(database, jobSeq, { epoch, atMs });
  const error = { code: 'STORE_REGRESSED', message: `it may have been done: ${describeRegression(regression)}` };
  const afterSequence = above('journalSequence');
  // Nothing of a cancelled job is run again.
  const isDoubted = mayHaveRun && status !== 'cancelled';
  const doubted = isDoubted ? doubtUnits(database, jobSeq, { epoch, atMs, error, afterSequence }) : 0;
  const details = {
    reason,
    epoch,
    units_in_doubt: doubted,
    what: regression.what,
    mark: mark ? formatReached(mark) : null,
    store: formatReached(found),
  };
  appendAudit(database, jobSeq, { atMs, principal, action: 'repair', outcome: 'done', details });
  return { epoch, doubted };
}
