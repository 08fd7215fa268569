import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { describeRegression } from '../../core/plan/describe-regression.ts';
import { lookAtStore } from '../../store/database.ts';
import { HIGH_WATER_FILE, makeRegressionFinder, readHighWater } from '../../store/high-water.ts';
import type { StoreProblem } from '../../store/verify-store.ts';
import { isJobId, jobDirectory } from './layout.ts';

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
      return [{ jobId, problem }];
    }
    const regression = find(seq, mark);
    return regression ? [{ jobId, problem: describeRegression(regression) }] : [];
  });
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
