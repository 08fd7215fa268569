/** What is told to whoever may not write, whatever engine keeps the store. */
import { RecoveryError } from '../core/errors.ts';
import type { LeaseHolder } from '../core/evidence/schema.ts';
import { describeHolder, pickHolder } from '../core/plan/describe-holder.ts';

/** Refuses an epoch that is not the current one. Errors: LEASE_FENCED. Source: design, rule 7. */
export function checkEpoch(current: number, epoch: number): void {
  if (current !== epoch) {
    throw new RecoveryError('LEASE_FENCED', `this run has epoch ${epoch}; the job is held with epoch ${current}`, {
      details: { epoch, current },
    });
  }
}

/** The error of a job that somebody else holds. */
export function describeConflict(
  job: { readonly id: string; readonly name: string },
  holder: LeaseHolder | undefined,
): RecoveryError {
  const who = holder ? describeHolder(holder) : 'another process';
  return new RecoveryError('LEASE_HELD', `job '${job.name}' is held by ${who}`, {
    details: { job: job.id, ...(holder && { holder: pickHolder(holder) }) },
  });
}

/** The error of a job that is not there. */
export function describeJobUnknown(jobId: string): RecoveryError {
  return new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId}`, { details: { job: jobId } });
}
