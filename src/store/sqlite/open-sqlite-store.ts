import type { DatabaseSync } from 'node:sqlite';
import { watchDirectory } from '../../platform/watch-directory.ts';
import type { HeldJob, JobStore, StoreOptions } from '../contract.ts';
import { describeJobUnknown } from '../lease-errors.ts';
import type { JobRecord } from '../records.ts';
import { isJobId, jobDirectory, logPath, STORE_FILE } from '../state-directory.ts';
import { readAudit } from './audit.ts';
import { decideChange } from './change-job.ts';
import { checkStoreNewest, describeUnknown, findLostJobs } from './compare-marks.ts';
import { type Connection, makeConnection } from './connection.ts';
import { lookLong } from './database.ts';
import { readHighWater } from './high-water.ts';
import { findJobs, readJob } from './jobs.ts';
import { makeListReader } from './list-reader.ts';
import { lookAtJob } from './look-at-job.ts';
import { findSameRows, findUnfinishedElsewhere, hasName } from './same-rows.ts';
import { readNamedUnits, readUnitRecords, readUnits } from './units.ts';

/**
 * Opens the store of a state directory: SQLite, with locks, marks, logs and reports beside it.
 *
 * What a list or a look does not need is loaded when it is asked for, since that is most of the time of a short command.
 */
export function openSqliteStore(stateDirectory: string, options: StoreOptions): JobStore {
  const connection = makeConnection(stateDirectory, options);
  const held = new Set<HeldJob>();
  const readOne = <T>(jobId: string, read: (job: JobRecord, database: DatabaseSync) => T): T => {
    const seen = connection.read((database) => {
      const job = readJob(database, jobId);
      return job && { value: read(job, database) };
    });
    if (!seen) throw describeJobUnknown(jobId);
    return seen.value;
  };
  let isPrepared = false;
  const prepare = async () => {
    if (isPrepared) return;
    checkStoreNewest(connection.make(), stateDirectory);
    isPrepared = true;
  };
  return {
    place: stateDirectory,
    directoryOf: (jobId) => jobDirectory(stateDirectory, jobId),
    engine: async () => (await import('./check-health.ts')).describeEngine(),
    look: async (jobId) => lookAtJob(connection, jobId),
    async find(reference, limit) {
      const found = connection.read((database) => findJobs(database, reference, limit)) ?? [];
      if (found.length === 0) checkNeverThere(stateDirectory, reference);
      return found;
    },
    list: (read) => lookLong(stateDirectory, (database) => read(makeListReader(database, connection))),
    units: async (jobId, query) => readOne(jobId, (job, database) => readUnits(database, job, query)),
    namedUnits: async (jobId, names) => readOne(jobId, (job, database) => readNamedUnits(database, job, names)),
    unitRecords: async (jobId, query) => readOne(jobId, (job, database) => readUnitRecords(database, job, query)),
    audit: async (jobId) => readOne(jobId, ({ seq }, database) => readAudit(database, seq)),
    async report(jobId) {
      const { readReport } = await import('./read-report.ts');
      return readReport(stateDirectory, jobId);
    },
    async logTail(jobId, lineCount) {
      const { readLogTail } = await import('./read-log-tail.ts');
      return readLogTail(logPath(stateDirectory, jobId), lineCount);
    },
    watch: (onChange) => watchDirectory(stateDirectory, (name) => name.startsWith(STORE_FILE), onChange),
    hasName: async (name) => connection.read((database) => hasName(database, name)) ?? false,
    sameRows: async (name, file) => connection.read((database) => findSameRows(database, name, file)) ?? [],
    sharedRows: async (jobId, limit) =>
      readOne(jobId, (job, database) => findUnfinishedElsewhere(database, job, limit)),
    verify: async () => (await import('./check-health.ts')).checkHealth(stateDirectory),
    prepare,
    async create(job, rows, judge) {
      await prepare();
      const { createJob } = await import('./create-job.ts');
      return createJob(connection, { job, rows, ...(judge && { judge }) });
    },
    async takeBack(jobId) {
      const { takeBackJob } = await import('./create-job.ts');
      takeBackJob(connection, jobId);
    },
    async take(jobId, claim, judge) {
      const { takeJob } = await import('./take-job.ts');
      const taken = takeJob(connection, jobId, { claim, judge });
      held.add(taken);
      return taken;
    },
    change: async (jobId, question, decide) => decideChange(connection, { jobId, question, decide }),
    regressions: makeRegressions(connection),
    async saveReport(report, keeping) {
      const { writeReport } = await import('./write-report.ts');
      return writeReport(stateDirectory, report, keeping);
    },
    async close() {
      for (const job of held) await job.release();
      connection.close();
    },
  };
}

function makeRegressions(connection: Connection): NonNullable<JobStore['regressions']> {
  return {
    async inspect(jobId) {
      const { inspectRegression } = await import('./accept-regression.ts');
      return inspectRegression(connection, jobId);
    },
    async accept(jobId, word, judge) {
      const { acceptRegression } = await import('./accept-regression.ts');
      return acceptRegression(connection, jobId, { word, judge });
    },
    lost: async () => findLostJobs(connection.stateDirectory),
  };
}

/** Errors: STORE_REGRESSED for a job that the store does not know and whose directory says that it was acted on. */
function checkNeverThere(stateDirectory: string, reference: string): void {
  if (!isJobId(reference)) return;
  if (readHighWater(jobDirectory(stateDirectory, reference)) !== undefined)
    throw describeUnknown(stateDirectory, reference);
}
