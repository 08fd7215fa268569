import { RecoveryError } from '../core/errors.ts';
import { translateProgress } from '../core/families/build-report.ts';
import type { JobRef } from '../core/job/schema.ts';
import { digestFile } from '../platform/digest-file.ts';
import type { JobStore } from '../store/contract.ts';
import type { JudgeSameRows, SameRowsJob } from '../store/records.ts';
import type { JobStanding, LookAtJob } from './find-shared-rows.ts';
import type { JobWork } from './job-work.ts';

/** A job that ended and was made of the rows that are about to be run again. */
export type RepeatedJob = Pick<JobRef, 'id' | 'name'> & { readonly status: string };

/** Thrown inside the transaction that records a job; what it names is looked at outside. */
class UnfinishedSignal extends Error {
  readonly jobId: string;
  readonly changed: boolean;

  constructor({ job, changed }: SameRowsJob) {
    super(`job ${job.id} has the same rows and is not finished`);
    this.jobId = job.id;
    this.changed = changed;
  }
}

/**
 * Refuses rows that an unfinished job of the same name has already: before they are brought in, where that can be told
 * early, and inside the transaction that records the job, so that of two runs at once one is told of the other.
 *
 * Shapes: `record` gets the judgement to make inside that transaction. Answers the newest job that ended and had these rows.
 * Errors: JOB_UNFINISHED, and what `record` rejects with.
 * Source: contract, commands (run); decisions/0019.
 */
export async function checkSameRows<T>(
  asked: {
    readonly store: JobStore;
    readonly lookAt: LookAtJob;
    readonly work: Pick<JobWork, 'name' | 'rowsPath'>;
    readonly again: boolean;
  },
  record: (judge: JudgeSameRows) => Promise<T>,
): Promise<{ readonly recorded: T; readonly repeated?: RepeatedJob }> {
  const { store, lookAt, work, again } = asked;
  const { name, rowsPath } = work;
  let repeated: RepeatedJob | undefined;
  const judge: JudgeSameRows = (same) => {
    if (again) return;
    const unfinished = same.find((one) => one.unfinished && !one.changed) ?? same.find((one) => one.unfinished);
    if (unfinished) throw new UnfinishedSignal(unfinished);
    const [newest] = same;
    repeated = newest && { id: newest.job.id, name: newest.job.name, status: newest.job.status };
  };
  try {
    // A file that cannot be read is told of where its rows are.
    if (!again && rowsPath !== undefined && (await store.hasName(name))) {
      const found = await digestFile(rowsPath).catch(() => {});
      if (found) judge(await store.sameRows(name, { path: rowsPath, sha256: found.sha256 }));
    }
    const recorded = await record(judge);
    return { recorded, ...(repeated && { repeated }) };
  } catch (thrown) {
    if (thrown instanceof UnfinishedSignal) throw describeUnfinished(await lookAt(store, thrown.jobId), thrown);
    throw thrown;
  }
}

function describeUnfinished(
  { job, verdict, standing, progress, recommended }: JobStanding,
  { changed }: UnfinishedSignal,
): RecoveryError {
  const { id, name, kind, source } = job;
  const far = progress ? `, ${progress.done} of ${progress.total} ${progress.unit}s done` : '';
  const next = recommended === undefined ? 'salvor show' : `salvor --choice ${recommended} --job`;
  const rows = changed ? 'was made of this rows file, which has changed since,' : 'has the same rows';
  const every = changed ? 'Do every row of the file as it is now' : 'Do every row again';
  const message = `job ${id} '${name}' ${rows} and is not finished: ${standing}${far}. Go on with it: ${next} ${id}. ${every}: the same command with --again`;
  return new RecoveryError('JOB_UNFINISHED', message, {
    details: {
      job: { id, name, kind, source },
      verdict,
      progress: progress ? translateProgress(progress) : null,
      rows_changed: changed,
      commands: { continue: `${next} ${id}`, again: '--again' },
    },
  });
}
