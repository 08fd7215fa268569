import { basename, extname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../core/errors.ts';
import type { ExecutionEvent } from '../core/execution/schema.ts';
import { assembleProgress, type Progress } from '../core/job/schema.ts';
import type { Faults } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { createJob, type JobPlaces, takeBackJob } from '../runner/create-job.ts';
import { type HeldLease, holdLease } from '../runner/hold-lease.ts';
import { readJobFile } from '../runner/job-file/read-job-file.ts';
import { describeNameProblem } from '../runner/job-file/schema.ts';
import { openRows } from '../runner/rows/open-rows.ts';
import { type JobRunResult, runJob } from '../runner/run-job.ts';
import { openRunLog } from '../runner/run-log.ts';
import { checkStoreNewest } from '../sources/native/compare-marks.ts';
import { jobDirectory, lockPath, logPath } from '../sources/native/layout.ts';
import { openStore } from '../store/database.ts';
import { type JobRecord, startRun } from '../store/jobs.ts';
import { countUnitsByStatus } from '../store/units.ts';
import { checkSameRows, type RepeatedJob } from './check-same-rows.ts';
import { findSharedRows, type SharedRowsJob } from './find-shared-rows.ts';
import { makeEngineFor, makeLastWords, NO_FAULTS } from './run-plan.ts';

/** A job that is recorded and held, and about to run. */
export type StartedJob = {
  readonly job: JobRecord;
  readonly directory: string;
  readonly progress: Progress;
  /** A job that ended and had these very rows: they are done again. */
  readonly repeated?: RepeatedJob;
  /** Other unfinished jobs that have these very rows. */
  readonly sharing: readonly SharedRowsJob[];
  readonly run: (control: {
    readonly stop: AbortSignal;
    readonly kill: AbortSignal;
    readonly onEvent: (event: ExecutionEvent) => void;
  }) => Promise<JobRunResult & { readonly progress: Progress }>;
};

/**
 * Reads a job file, records the job with all its rows, and takes its lease.
 *
 * Errors: JOB_FILE_INVALID, ROWS_INVALID, COMMAND_MISSING, USAGE_INVALID for a name that is none, JOB_UNFINISHED,
 *         STORE_REGRESSED for any job of the store, STATE_UNWRITABLE and its kind; nothing was started then.
 * Source: contract, commands (run).
 */
export async function startJob(options: {
  readonly stateDirectory: string;
  readonly file: string;
  readonly params: Readonly<Record<string, string>>;
  readonly principal: string;
  readonly name?: string;
  /** Runs rows that an unfinished job has already. */
  readonly again?: boolean;
  /** Crash points: `after-import`, `after-lease`, and those of a run. */
  readonly faults?: Faults;
}): Promise<StartedJob> {
  const { stateDirectory, file, params, principal, faults = NO_FAULTS } = options;
  if (options.name !== undefined) checkName(options.name);
  const read = await readJobFile(file, params);
  const spec = { ...read, name: options.name ?? (read.name || basename(file, extname(file))) };
  const database = openStore(stateDirectory);
  try {
    checkStoreNewest(database, stateDirectory);
    const rows = await openRows(spec);
    const places = {
      directory: (id: string) => jobDirectory(stateDirectory, id),
      lock: (id: string) => lockPath(stateDirectory, id),
    };
    const { recorded: job, repeated } = await checkSameRows(
      { database, stateDirectory, spec, again: options.again === true },
      (check) => createJob({ database, places, spec, rows, nowMs: systemClock.nowMs(), check }),
    ).finally(rows.close);
    const sharing = await findSharedRows({ database, stateDirectory }, job);
    faults.reach('after-import');
    const atMs = systemClock.nowMs();
    const lease = orTakeBack({ database, places, job }, () =>
      holdLease({
        database,
        lockPath: places.lock(job.id),
        job,
        expected: { epoch: 0, status: 'pending', journalSequence: 0 },
        audit: { atMs, principal, action: 'run', outcome: 'done', details: {} },
        change: () => startRun(database, job.seq, atMs),
      }),
    );
    faults.reach('after-lease');
    const counts = countUnitsByStatus(database, job.seq);
    return {
      job,
      directory: places.directory(job.id),
      progress: assembleProgress(counts, 'row'),
      ...(repeated && { repeated }),
      sharing,
      async run({ stop, kill, onEvent }) {
        const log = openRunLog(logPath(stateDirectory, job.id));
        try {
          const result = await runJob({
            database,
            job,
            spec,
            lease,
            steps: [{ action: 'run_units', count: counts.pending }],
            orphans: [],
            makeEngine: makeEngineFor({ log, onEvent, faults, directory: places.directory(job.id) }),
            clock: systemClock,
            random: Math.random,
            faults,
            stop,
            kill,
            onEvent,
            onUnrecorded: makeLastWords(log),
          });
          return { ...result, progress: assembleProgress(countUnitsByStatus(database, job.seq), 'row') };
        } finally {
          log.close();
          database.close();
        }
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes the lease, or takes the job back. Errors: those of taking it. */
function orTakeBack(
  made: { readonly database: DatabaseSync; readonly places: JobPlaces; readonly job: JobRecord },
  hold: () => HeldLease,
): HeldLease {
  try {
    return hold();
  } catch (error) {
    throw takeBackJob(made.database, made.places, { job: made.job, error });
  }
}

/** A name is held to the rules of a job file's. Errors: USAGE_INVALID. */
function checkName(name: string): void {
  const expected = describeNameProblem(name);
  if (expected === undefined) return;
  throw new RecoveryError('USAGE_INVALID', `--name ${JSON.stringify(name.slice(0, 60))}: expected ${expected}`, {
    details: { flag: 'name', value: name },
  });
}
