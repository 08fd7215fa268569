/** Where things are in a state directory. */
import { lstatSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { RecoveryError } from '../core/errors.ts';

/** Name of the store's file in a state directory. */
export const STORE_FILE = 'salvor.db';
/** How far a job had come at its last control action, in its own directory. */
export const HIGH_WATER_FILE = 'high-water.json';

/** What an id of a job looks like. Salvor makes its ids; one that is read from a store is anybody's. */
const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Whether a text can be the id of a job. */
export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}

/** Where the store of a state directory is. */
export function storePath(stateDirectory: string): string {
  return join(stateDirectory, STORE_FILE);
}

/**
 * Whether a directory is one of Salvor: it has a store, or a job that was acted on, which is what is left when the store
 * is gone.
 *
 * Errors: STATE_UNREADABLE when it may not be looked at.
 */
export function isStateDirectory(path: string): boolean {
  return isThere(storePath(path)) || hasMarkedJob(join(path, 'jobs'));
}

function hasMarkedJob(jobs: string): boolean {
  try {
    return readdirSync(jobs).some((id) => isJobId(id) && isThere(join(jobs, id, HIGH_WATER_FILE)));
  } catch {
    return false;
  }
}

/** Whether a file is there, or a link in its place, which whoever opens it refuses by name. */
function isThere(path: string): boolean {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true || stats?.isSymbolicLink() === true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOTDIR') return false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecoveryError('STATE_UNREADABLE', `${path} cannot be looked at: ${reason}`, { details: { path }, cause });
  }
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
