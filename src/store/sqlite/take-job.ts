import { mkdirSync } from 'node:fs';
import type { HeldLock } from '../../platform/lock-file.ts';
import { checkChain } from '../audit-chain.ts';
import type { Claim, HeldJob, TakenState } from '../contract.ts';
import { describeConflict } from '../lease-errors.ts';
import { jobDirectory, lockPath } from '../state-directory.ts';
import { appendAudit } from './audit.ts';
import { readTakenState } from './change-job.ts';
import type { Connection } from './connection.ts';
import { makeHeldJob } from './held-job.ts';
import { changeJob } from './high-water.ts';
import { startRun } from './jobs.ts';
import { insertLease } from './leases.ts';
import { takeLock } from './take-lock.ts';

/**
 * Takes a job. The lock is taken inside the transaction, so that whoever loses always finds the winner recorded.
 *
 * Errors: those of the contract; nothing is held then.
 */
export function takeJob(
  connection: Connection,
  jobId: string,
  { claim, judge }: { readonly claim: Claim; readonly judge: (state: TakenState) => void },
): HeldJob {
  const database = connection.open();
  const directory = jobDirectory(connection.stateDirectory, jobId);
  let lock: HeldLock | undefined;
  const releaseLock = () => lock?.release();
  try {
    const taken = changeJob(database, { jobId, directory }, (job) => {
      const state = readTakenState(database, job);
      judge(state);
      checkChain(state.audit);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      lock = takeLock(lockPath(connection.stateDirectory, jobId));
      if (!lock) throw describeConflict(job, state.runner);
      const { runToken, principal, atMs, audit } = claim;
      const epoch = state.epoch + 1;
      const identity = connection.identity();
      insertLease(database, { jobSeq: job.seq, epoch, purpose: 'run', identity, runToken, principal, atMs });
      appendAudit(database, job.seq, { ...audit, details: { ...audit.details, epoch } });
      startRun(database, job.seq, atMs);
      return { answer: { job, claim, epoch, earlierTokens: state.runTokens, releaseLock }, isChanged: true };
    });
    return makeHeldJob(connection, taken);
  } catch (error) {
    releaseLock();
    throw error;
  }
}
