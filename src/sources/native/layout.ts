/** Where things are in a native state directory. */
import { join, sep } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';

/** What an id of a job looks like. Salvor makes its ids; one that is read from a store is anybody's. */
const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Whether a text can be the id of a job. */
export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}

/**
 * A job's own directory: its report, log and lock.
 *
 * Errors: STATE_CORRUPT for an id that is not one, which never becomes a path.
 * Source: design, rule 11.
 */
export function jobDirectory(stateDirectory: string, jobId: string): string {
  if (!isJobId(jobId)) {
    const message = `${stateDirectory} names a job '${jobId}', which is no id of a job`;
    throw new RecoveryError('STATE_CORRUPT', message, { details: { path: stateDirectory, job: jobId } });
  }
  // Lists ask for a thousand of these: joined without being normalised, since both parts are.
  return `${stateDirectory}${sep}jobs${sep}${jobId}`;
}

/** The lock that the job's runner holds. */
export function lockPath(stateDirectory: string, jobId: string): string {
  return join(jobDirectory(stateDirectory, jobId), 'lease.lock');
}

/** What the job's commands printed. */
export function logPath(stateDirectory: string, jobId: string): string {
  return join(jobDirectory(stateDirectory, jobId), 'run.log');
}

/** The newest recovery report; earlier ones are in `reports/`. Source: contract. */
export function reportPath(stateDirectory: string, jobId: string): string {
  return join(jobDirectory(stateDirectory, jobId), 'recovery-report.json');
}
