import type { DatabaseSync } from 'node:sqlite';
import { HEARTBEAT_TTL_MS } from '../../core/diagnosis/judge-liveness.ts';
import { listPids } from '../../platform/process-probe.ts';
import type { ListReader } from '../list-contract.ts';
import type { KnownContents } from '../rows-contents.ts';
import { jobDirectory, lockPath } from '../state-directory.ts';
import { findBrokenChains } from './audit.ts';
import type { Connection } from './connection.ts';
import { lookAtStore } from './database.ts';
import { findRegression, makeRegressionFinder, readHighWater } from './high-water.ts';
import { openListOrder } from './list-order.ts';
import { filterJobs, type RecordedJob, readListedJobs, readPossiblyAlive } from './list-queries.ts';
import { probeLiveness } from './probe-liveness.ts';

/** So many jobs of a list, the most urgent, are compared with their marks: that is two small files each. */
const COMPARED_JOBS = 100;

/**
 * Reads for one list, in a snapshot that is open.
 *
 * Only holders whose process exists are probed: all others are dead by what the process table says, so a list costs
 * the same however many jobs there are.
 */
export function makeListReader(database: DatabaseSync, connection: Connection): ListReader {
  const { stateDirectory } = connection;
  const order = openListOrder(database);
  const contents: KnownContents = new Map();
  const isRegressed = makeComparison(database, stateDirectory);
  return {
    async possiblyAlive() {
      const own = connection.identity();
      const nowMs = connection.nowMs();
      const now = { pids: listPids(), heartbeatSinceMs: nowMs - HEARTBEAT_TTL_MS };
      return readPossiblyAlive(database, own, now).map(({ jobSeq, jobId, holder }) => ({
        seq: jobSeq,
        holder,
        liveness: probeLiveness(holder, lockPath(stateDirectory, jobId), { own, nowMs }),
      }));
    },
    match: async (seqs, filter) => filterJobs(database, seqs, filter),
    read: async (filter, name, slice) => order.read(filter, name, slice),
    count: async (filter, name) => order.count(filter, name),
    countAll: async (filter) => order.countAll(filter),
    async describe(seqs, options) {
      const broken = findBrokenChains(database, seqs);
      return readListedJobs(database, seqs, { ...options, contents }).map((job) => ({
        ...job,
        isAuditBroken: broken.has(job.seq),
        isRegressed: isRegressed(job),
      }));
    },
  };
}

/** A mark is read after the store here: one that is ahead may be that of a commit in between, and is looked at again. */
function makeComparison(database: DatabaseSync, stateDirectory: string): (job: RecordedJob) => boolean {
  const find = makeRegressionFinder(database);
  let compared = 0;
  return ({ seq, id }) => {
    compared += 1;
    if (compared > COMPARED_JOBS) return false;
    const directory = jobDirectory(stateDirectory, id);
    if (!find(seq, readHighWater(directory))) return false;
    const mark = readHighWater(directory);
    return lookAtStore(stateDirectory, (again) => findRegression(again, seq, mark)) !== undefined;
  };
}
