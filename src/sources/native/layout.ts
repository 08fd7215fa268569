/** Where things are in a native state directory. Ids are made by Salvor, so they are safe as names. */
import { join, sep } from 'node:path';

/** A job's own directory: its report, log and lock. */
export function jobDirectory(stateDirectory: string, jobId: string): string {
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
