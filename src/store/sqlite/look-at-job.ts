import type { DatabaseSync } from 'node:sqlite';
import type { JobLook, RecordedUnits } from '../contract.ts';
import { jobDirectory, lockPath } from '../state-directory.ts';
import { readAuditFacts } from './audit.ts';
import type { Connection } from './connection.ts';
import {
  readAttentionUnits,
  readJournalSequence,
  readLastDone,
  readLastErrorUnit,
  readUnitNumbers,
} from './evidence-queries.ts';
import { findRegression, readHighWater } from './high-water.ts';
import { readJob, readRowsFiles } from './jobs.ts';
import { readEpoch, readRunner, readRunTokens } from './leases.ts';
import { probeLiveness } from './probe-liveness.ts';

/** Everything about one job in one snapshot, but for its lock, which is looked at right after. Errors: those of reading. */
export function lookAtJob(connection: Connection, jobId: string): JobLook | undefined {
  const { stateDirectory } = connection;
  // Before the store, which only goes forward: a mark read after it could be ahead of what was seen.
  const mark = readHighWater(jobDirectory(stateDirectory, jobId));
  const recorded = connection.read((database) => readRecorded(database, jobId, mark));
  if (!recorded) return undefined;
  const seenAtMs = connection.nowMs();
  const { runner } = recorded;
  if (!runner) return { ...recorded, seenAtMs };
  const lock = lockPath(stateDirectory, jobId);
  const liveness = probeLiveness(runner, lock, { own: connection.identity(), nowMs: seenAtMs });
  return { ...recorded, liveness, seenAtMs };
}

function readRecorded(
  database: DatabaseSync,
  jobId: string,
  mark: ReturnType<typeof readHighWater>,
): Omit<JobLook, 'seenAtMs' | 'liveness'> | undefined {
  const job = readJob(database, jobId);
  if (!job) return undefined;
  const { seq } = job;
  const lastDone = readLastDone(database, job);
  const lastFailing = readLastErrorUnit(database, job);
  const units: RecordedUnits = {
    ...readUnitNumbers(database, seq),
    attention: readAttentionUnits(database, job),
    journalSequence: readJournalSequence(database, seq),
    ...(lastDone && { lastDone }),
    ...(lastFailing && { lastFailing }),
  };
  const runner = readRunner(database, seq);
  const regression = findRegression(database, seq, mark);
  return {
    job,
    rowsFiles: readRowsFiles(database, [seq]).get(seq) ?? [],
    units,
    epoch: readEpoch(database, seq),
    runTokens: readRunTokens(database, seq),
    audit: readAuditFacts(database, seq),
    ...(runner && { runner }),
    ...(regression && { regression }),
  };
}
