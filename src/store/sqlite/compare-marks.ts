import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';
import { describeRegression } from '../../core/plan/describe-regression.ts';
import { describeNoLock } from '../../platform/lock-file.ts';
import type { StoreProblem } from '../contract.ts';
import { HIGH_WATER_FILE, isJobId, jobDirectory, lockPath } from '../state-directory.ts';
import { readAuditFacts } from './audit.ts';
import { lookAtStore, readStore } from './database.ts';
import { makeRegressionFinder, readHighWater } from './high-water.ts';

/**
 * Compares every job of a state directory with the mark in its own directory, and finds directories of jobs that the
 * store does not know: both say that the store is older than what is beside it. An empty list when it is not.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 */
export function compareMarks(stateDirectory: string): readonly StoreProblem[] {
  // Before the store, which only goes forward.
  const marks = new Map(listMarked(stateDirectory).map((id) => [id, readHighWater(jobDirectory(stateDirectory, id))]));
  return lookAtStore(stateDirectory, (database) => compare(database, marks)) ?? [];
}

function compare(
  database: DatabaseSync,
  marks: ReadonlyMap<string, ReturnType<typeof readHighWater>>,
): readonly StoreProblem[] {
  const seqOf = database.prepare('SELECT seq FROM jobs WHERE id = ?');
  const find = makeRegressionFinder(database);
  return [...marks].flatMap(([jobId, mark]): readonly StoreProblem[] => {
    const seq = seqOf.get(jobId)?.seq;
    if (typeof seq !== 'number') {
      const problem = 'its directory is there, and the store does not know it: the store went back in time';
      return [{ type: 'regressed', jobId, problem }];
    }
    const regression = find(seq, mark);
    return regression ? [{ type: 'regressed', jobId, problem: describeRegression(regression) }] : [];
  });
}

/** Jobs in whose directories something stands in the place of the lock that is none. Errors: none. */
export function findDamagedLocks(stateDirectory: string): readonly StoreProblem[] {
  const ids = listNames(join(stateDirectory, 'jobs')).filter(isJobId);
  return ids.flatMap((jobId): readonly StoreProblem[] => {
    try {
      const problem = describeNoLock(lockPath(stateDirectory, jobId));
      return problem === undefined ? [] : [{ type: 'lock', jobId, problem }];
    } catch (error) {
      return [{ type: 'lock', jobId, problem: error instanceof Error ? error.message : String(error) }];
    }
  });
}

/** So many known jobs, those whose directories changed last, are compared before a new one begins. */
const COMPARED_JOBS = 1_000;

/**
 * Refuses to begin anything new in a store that went back in time: rows that it does not know of may be done. A directory
 * without a mark says nothing, as one that an import left when it died; a job whose audit chain is broken has only itself
 * to show for.
 *
 * Errors: STORE_REGRESSED naming the job and its directory; STATE_CORRUPT.
 * Source: decisions/0016.
 */
export function checkStoreNewest(database: DatabaseSync, stateDirectory: string): void {
  // Before the store, which only goes forward.
  const ids = listNames(join(stateDirectory, 'jobs')).filter(isJobId);
  const marks = pickNewest(stateDirectory, ids).map(
    (id) => [id, readHighWater(jobDirectory(stateDirectory, id))] as const,
  );
  readStore(database, () => {
    const seqOf = database.prepare('SELECT seq FROM jobs WHERE id = ?');
    // Asked again behind its mark: it may be of a job that somebody has recorded just now.
    const isLost = (id: string) =>
      readHighWater(jobDirectory(stateDirectory, id)) !== undefined && seqOf.get(id) === undefined;
    const unknown = findUnknown(database, ids).find(isLost);
    if (unknown !== undefined) throw describeUnknown(stateDirectory, unknown);
    const find = makeRegressionFinder(database);
    for (const [job, mark] of marks) {
      const seq = seqOf.get(job)?.seq;
      const regression = typeof seq === 'number' ? find(seq, mark) : undefined;
      if (typeof seq !== 'number' || !regression) continue;
      if (regression.what === 'audit' && readAuditFacts(database, seq).broken) continue;
      const path = jobDirectory(stateDirectory, job);
      const message = `job ${job}: ${describeRegression(regression)}; ${path} has how far it had come`;
      throw new RecoveryError('STORE_REGRESSED', message, { details: { job, path, ...regression } });
    }
  });
}

/** Of many ids those that the store does not know. To fetch all it knows takes four times as long. */
function findUnknown(database: DatabaseSync, ids: readonly string[]): readonly string[] {
  const named = 'SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM jobs)';
  return database
    .prepare(named)
    .all(JSON.stringify(ids))
    .map(({ value }) => String(value));
}

/**
 * Jobs that the store has lost: their directories say that they were acted on, and it does not know them.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 */
export function findLostJobs(stateDirectory: string): readonly RecoveryError[] {
  const ids = listNames(join(stateDirectory, 'jobs')).filter(isJobId);
  const look = (asked: readonly string[]) =>
    lookAtStore(stateDirectory, (database) => findUnknown(database, asked)) ?? [];
  const marked = look(ids).filter((id) => readHighWater(jobDirectory(stateDirectory, id)) !== undefined);
  // Asked again behind the marks: one may be of a job that somebody has recorded just now.
  const lost = marked.length === 0 ? [] : look(marked);
  return lost.map((id) => describeUnknown(stateDirectory, id));
}

/** A job that the store does not know and whose directory says that it was acted on. Errors: none. */
export function describeUnknown(stateDirectory: string, jobId: string): RecoveryError {
  const path = jobDirectory(stateDirectory, jobId);
  const message = `the store went back in time: ${path} is of a job that it does not know`;
  return new RecoveryError('STORE_REGRESSED', message, { details: { job: jobId, path } });
}

/** A mark takes its place by being renamed, which changes its directory. */
function pickNewest(stateDirectory: string, ids: readonly string[]): readonly string[] {
  if (ids.length <= COMPARED_JOBS) return ids;
  const changedAtMs = Float64Array.from(
    ids,
    (id) => statSync(jobDirectory(stateDirectory, id), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  const oldestMs = changedAtMs.toSorted().at(-COMPARED_JOBS) ?? 0;
  const newer = ids.filter((_id, at) => (changedAtMs[at] ?? 0) > oldestMs);
  const asOld = ids.filter((_id, at) => changedAtMs[at] === oldestMs);
  return [...newer, ...asOld].slice(0, COMPARED_JOBS);
}

/** Ids of the jobs that were once acted on, by their directories. */
function listMarked(stateDirectory: string): readonly string[] {
  return listNames(join(stateDirectory, 'jobs')).filter(
    (id) => isJobId(id) && listNames(jobDirectory(stateDirectory, id)).includes(HIGH_WATER_FILE),
  );
}

/** Names in a directory; one that cannot be read has none, which whoever acts on it is told. */
function listNames(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
