import { constants } from 'node:fs';
import { RecoveryError } from '../../core/errors.ts';
import type { Clock, JobPlace } from '../../core/ports.ts';
import { watchDirectory } from '../../platform/watch-directory.ts';
import { lookAtStore, STORE_FILE } from '../../store/database.ts';
import { readHighWater } from '../../store/high-water.ts';
import { findJobs, type JobRecord, readJob } from '../../store/jobs.ts';
import { readNamedUnits, readUnitRecords, readUnits } from '../../store/units.ts';
import { describeUnknown } from './compare-marks.ts';
import { isJobId, jobDirectory, logPath } from './layout.ts';
import { listJobs } from './list.ts';
import { translateJobRef } from './translate.ts';

/** How much of a log's end is read for its last lines. */
const TAIL_BYTES = 64 * 1024;

/**
 * Reads a native state directory. Nothing here changes anything. What a list does not need (digests above all) is loaded
 * when it is asked for, since that is most of the time of a short command.
 *
 * Source: design, rule 1.
 */
export function makeNativePlace(stateDirectory: string, clock: Clock): JobPlace {
  const look = <T>(
    jobId: string,
    read: (record: JobRecord, database: Parameters<Parameters<typeof lookAtStore>[1]>[0]) => T,
  ): T => {
    const seen = lookAtStore(stateDirectory, (database) => {
      const record = readJob(database, jobId);
      return record && { value: read(record, database) };
    });
    if (!seen) throw new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId}`, { details: { job: jobId } });
    return seen.value;
  };
  return {
    list: async (query) => listJobs(stateDirectory, query, clock.nowMs()),
    async collect(jobId) {
      const { collectEvidence } = await import('./collect.ts');
      return collectEvidence(stateDirectory, jobId, clock.nowMs());
    },
    units: async (jobId, query) => look(jobId, (record, database) => readUnits(database, record, query)),
    namedUnits: async (jobId, names) => look(jobId, (record, database) => readNamedUnits(database, record, names)),
    unitRecords: async (jobId, query) => look(jobId, (record, database) => readUnitRecords(database, record, query)),
    async audit(jobId) {
      const { readAudit } = await import('../../store/audit.ts');
      return look(jobId, (record, database) => readAudit(database, record.seq));
    },
    logTail: (jobId, lineCount) => readTail(logPath(stateDirectory, jobId), lineCount),
    async report(jobId) {
      const { readReport } = await import('./read-report.ts');
      return readReport(stateDirectory, jobId);
    },
    watch: (onChange) => watchDirectory(stateDirectory, (name) => name.startsWith(STORE_FILE), onChange),
    async find(reference, limit) {
      const found =
        lookAtStore(stateDirectory, (database) =>
          findJobs(database, reference, limit).map((record) => translateJobRef(record, stateDirectory)),
        ) ?? [];
      if (found.length === 0) checkNeverThere(stateDirectory, reference);
      return found;
    },
  };
}

/** Errors: STORE_REGRESSED for a job that the store does not know and whose directory says that it was acted on. */
function checkNeverThere(stateDirectory: string, reference: string): void {
  if (!isJobId(reference)) return;
  if (readHighWater(jobDirectory(stateDirectory, reference)) !== undefined)
    throw describeUnknown(stateDirectory, reference);
}

async function readTail(path: string, lineCount: number): Promise<readonly string[]> {
  const { open } = await import('node:fs/promises');
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) return [];
    const { size } = stats;
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line !== '');
    const whole = lines.slice(start > 0 && lines.length > 1 ? 1 : 0);
    return whole.slice(Math.max(0, whole.length - lineCount));
  } catch {
    return [];
  }
}
