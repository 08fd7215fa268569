/** What is on a shelf. Only reads. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestText } from '../../../src/core/digest.ts';
import { RecoveryError } from '../../../src/core/errors.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import type { Clock, JobPlace } from '../../../src/core/ports.ts';
import { RecoveryReport } from '../../../src/core/report/schema.ts';
import { findRealPath } from '../../../src/platform/find-real-path.ts';
import { watchDirectory } from '../../../src/platform/watch-directory.ts';
import { pickPage } from '../../../src/sources/pick-page.ts';
import { JobFile, LogLine } from './schema.ts';
import { type ShelfJob, summarise, translateEvidence, translateLine, translateUnits } from './translate.ts';

const ENDING = '.job.json';

/** Whether a path is a shelf. */
export function isShelf(path: string): boolean {
  return existsSync(join(path, 'shelf.json'));
}

/** The log of a shelf. */
export const logPath = (path: string) => join(path, 'log.jsonl');

/** The jobs on a shelf; none when it is not there. Errors: STATE_CORRUPT for a file that is no job. */
export function readJobs(path: string): readonly ShelfJob[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => name.endsWith(ENDING));
  return names.map((name) => readJob(join(path, name)));
}

/** Errors: STATE_CORRUPT. */
export function readJob(path: string): ShelfJob {
  const parsed = JobFile.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new RecoveryError('STATE_CORRUPT', `${path} is no job of a shelf`);
  const id = `s${digestText(findRealPath(path)).slice(0, 12)}`;
  return { id, path, reportPath: path.replace(ENDING, '.report.json'), file: parsed.data };
}

function readLog(path: string, id: string) {
  if (!existsSync(logPath(path))) return [];
  const lines = readFileSync(logPath(path), 'utf8').trimEnd().split('\n');
  return lines.map((line) => LogLine.parse(JSON.parse(line))).filter(({ job }) => job === id);
}

/** Opens a shelf for reading. `source` is the name it is registered by. */
export function openShelf(source: string, path: string, clock: Clock): JobPlace {
  const collectAll = () =>
    readJobs(path).map((job) => translateEvidence(source, job, { log: readLog(path, job.id), nowMs: clock.nowMs() }));
  const find = (jobId: string): ShelfJob => {
    const job = readJobs(path).find(({ id }) => id === jobId);
    if (job) return job;
    throw new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId} in ${path}`, { details: { job: jobId } });
  };
  return {
    list: async (query) =>
      pickPage(
        collectAll().map((evidence) => summarise(evidence, diagnose(evidence))),
        query,
      ),
    collect: async (jobId) =>
      translateEvidence(source, find(jobId), { log: readLog(path, jobId), nowMs: clock.nowMs() }),
    async units(jobId, { statuses, offset, limit }) {
      const all = translateUnits(find(jobId)).filter(
        ({ status }) => statuses.length === 0 || statuses.includes(status),
      );
      return { units: all.slice(offset, offset + limit), total: all.length };
    },
    namedUnits: async (jobId, { keys, numbers }) =>
      translateUnits(find(jobId)).filter(({ key, number }) => keys.includes(key) || numbers.includes(number)),
    audit: async (jobId) => readLog(path, find(jobId).id).map(translateLine),
    logTail: async () => [],
    async report(jobId) {
      const { reportPath } = find(jobId);
      return existsSync(reportPath) ? RecoveryReport.parse(JSON.parse(readFileSync(reportPath, 'utf8'))) : undefined;
    },
    watch: (onChange) => watchDirectory(path, () => true, onChange),
    find: async (reference, limit) =>
      collectAll()
        .map(({ job }) => job)
        .filter(
          ({ id, name }) => id === reference || name === reference || (reference !== '' && id.startsWith(reference)),
        )
        .slice(0, limit),
  };
}
