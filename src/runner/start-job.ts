import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import type { ExecutionEvent } from '../core/execution/schema.ts';
import { assembleProgress, type Progress } from '../core/job/schema.ts';
import { systemClock } from '../platform/clock.ts';
import type { HeldJob, JobStore } from '../store/contract.ts';
import { makeJobId } from '../store/job-id.ts';
import type { JobRecord } from '../store/records.ts';
import { checkSameRows, type RepeatedJob } from './check-same-rows.ts';
import { findSharedRows, type LookAtJob, type SharedRowsJob } from './find-shared-rows.ts';
import { holdLease } from './hold-lease.ts';
import { readJobFile } from './job-file/read-job-file.ts';
import { describeNameProblem } from './job-file/schema.ts';
import { makeEngineFor, makeLastWords } from './make-engine.ts';
import { type JobRunResult, runJob } from './run-job.ts';
import { NO_FAULTS, type RunChange } from './run-plan.ts';

/** A job that is recorded and held, and about to run. */
export type StartedJob = {
  readonly job: JobRecord;
  readonly directory: string | undefined;
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
export async function startJob(
  options: {
    /** Where it is recorded; closed when the run is through, or refused. */
    readonly store: JobStore;
    readonly lookAt: LookAtJob;
    readonly file: string;
    readonly params: Readonly<Record<string, string>>;
    readonly principal: string;
    readonly name?: string;
    /** Runs rows that an unfinished job has already. */
    readonly again?: boolean;
  } & RunChange,
): Promise<StartedJob> {
  const { store, lookAt, file, params, name, principal, again = false, faults = NO_FAULTS } = options;
  try {
    if (name !== undefined) checkName(name);
    const { kind, work } = await readJobFile(file, { params, ...(name !== undefined && { name }) });
    await store.prepare();
    const units = await work.openUnits();
    const { spec, rowsPath } = work;
    const asked = { id: makeJobId(), name: work.name, kind, spec, ...(rowsPath !== undefined && { rowsPath }) };
    const { recorded: job, repeated } = await checkSameRows({ store, lookAt, work, again }, (judge) =>
      store.create({ ...asked, atMs: systemClock.nowMs() }, units, judge),
    ).finally(units.close);
    const sharing = await findSharedRows({ store, lookAt }, job);
    faults.reach('after-import');
    const held = await orTakeBack(store, job, () =>
      holdLease({
        store,
        job,
        expected: { epoch: 0, status: 'pending', journalSequence: 0 },
        audit: { atMs: systemClock.nowMs(), principal, action: 'run', outcome: 'done', details: {} },
      }),
    );
    faults.reach('after-lease');
    const counts = await held.counts();
    const directory = store.directoryOf(job.id);
    const setting = { unit: work.unit, faults, directory, clock: systemClock };
    /** The run has let go of the job. Of a store that was lost on the way nothing newer is known than at first. */
    const readCounts = async ({ error }: JobRunResult) => {
      const look = store.look(job.id);
      const seen = error ? await look.catch(() => undefined) : await look;
      return seen?.units.counts ?? counts;
    };
    return {
      job,
      directory,
      progress: assembleProgress(counts, work.unit),
      ...(repeated && { repeated }),
      sharing,
      async run({ stop, kill, onEvent }) {
        try {
          const result = await runJob({
            store,
            job,
            work,
            held,
            steps: [{ by: 'runner', action: 'run_units', count: counts.pending }],
            orphans: [],
            makeEngine: options.makeEngine ?? makeEngineFor({ ...setting, onEvent }),
            clock: systemClock,
            random: Math.random,
            faults,
            stop,
            kill,
            onEvent,
            onUnrecorded: makeLastWords(held.log, setting),
          });
          return { ...result, progress: assembleProgress(await readCounts(result), work.unit) };
        } finally {
          await store.close();
        }
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Takes the lease, or takes the job back: a run that is refused leaves nothing.
 *
 * Errors: those of taking it; they name the job where that cannot be taken away either.
 */
async function orTakeBack(store: JobStore, job: JobRecord, hold: () => Promise<HeldJob>): Promise<HeldJob> {
  try {
    return await hold();
  } catch (error) {
    await store.takeBack(job.id).catch(() => {
      const { code, message, details } = toRecoveryError(error);
      const left = `job ${job.id} '${job.name}' is recorded, and none of its rows was begun: salvor --choice cancel --job ${job.id} once it can be written`;
      throw new RecoveryError(code, `${message}; ${left}`, { details: { ...details, job: job.id }, cause: error });
    });
    throw error;
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
