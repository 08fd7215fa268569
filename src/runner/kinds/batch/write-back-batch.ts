import { isRecoveryError, RecoveryError } from '../../../core/errors.ts';
import { digestFile, type FileDigest } from '../../../platform/digest-file.ts';
import type { JobChange, JobState } from '../../../store/contract.ts';
import type { JobRecord } from '../../../store/records.ts';
import type { JobWriteBack, WrittenResults } from '../../job-work.ts';
import { type RowNow, translateRowValues } from './rows/row-values.ts';
import { writeBack } from './rows/write-back.ts';
import type { BatchSpec } from './schema.ts';

/** How often a write-back begins anew because a row or the file changed under it. */
const TRIES = 10;

/** A write-back of rows. */
export type BatchWriteBack = JobWriteBack & { readonly spec: BatchSpec };

/**
 * Writes what is true of every row now into the job's rows file. The result follows from the units and the rows as they
 * were recorded, so that it is the same however often, and after whatever, it is done.
 *
 * The digest to come is recorded before the file is replaced, and the file is replaced inside the transaction that
 * records it: of several writers one at a time gets there, and only with what is true then.
 *
 * Errors: ROWS_FILE_CHANGED, ROWS_FILE_MISSING, WRITE_BACK_FAILED, STATE_*, and what `guard` throws; the file is
 *         untouched then.
 * Source: contract, job files (write_back); decisions/0013.
 */
export async function writeBackBatch(asked: BatchWriteBack): Promise<WrittenResults> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const seen = await readState(asked);
    try {
      return await writeOnce(asked, seen);
    } catch (error) {
      // Another writer replaced the file, or a row was settled, while this one read.
      const isOvertaken = error instanceof Error && [error, error.cause].some((one) => one instanceof OvertakenError);
      const mayHaveMoved = isOvertaken || (isRecoveryError(error) && error.code === 'ROWS_FILE_CHANGED');
      if (mayHaveMoved && triesLeft > 1 && (await hasMoved(asked, seen))) continue;
      if (isOvertaken) {
        const message = `the rows of ${asked.spec.rowsPath} keep changing while they are written`;
        throw new RecoveryError('WRITE_BACK_FAILED', message, { details: { path: asked.spec.rowsPath }, cause: error });
      }
      throw error;
    }
  }
}

/** Writing back wraps it as it does every error that is not for operators. */
class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

type Recorded = {
  readonly rows: NonNullable<JobRecord['rows']>;
  readonly rowsFiles: JobState['rowsFiles'];
  readonly generation: number;
  readonly sequence: number;
};

/** The write lock is waited for: who has it may have replaced the file and not recorded it yet. */
function readState({ change }: BatchWriteBack): Promise<Recorded> {
  return change({}, (state) => ({ answer: pickRecorded(state) }));
}

function pickRecorded({ job, rowsFiles, journalSequence: sequence }: JobState): Recorded {
  if (!job.rows) throw new RecoveryError('STATE_CORRUPT', `job ${job.id} has no rows file on record`);
  return { rows: job.rows, rowsFiles, generation: job.generation, sequence };
}

/** Whether to look again. */
async function hasMoved(asked: BatchWriteBack, seen: Recorded): Promise<boolean> {
  return seen.rows.sha256Expected !== undefined || !isSame(seen, await readState(asked));
}

function isSame(left: Recorded, right: Recorded): boolean {
  return (
    left.sequence === right.sequence &&
    left.generation === right.generation &&
    left.rows.sha256 === right.rows.sha256 &&
    left.rows.sha256Expected === right.rows.sha256Expected
  );
}

async function writeOnce(asked: BatchWriteBack, seen: Recorded): Promise<WrittenResults> {
  const { spec, faults, clock } = asked;
  const expected = await findExpected(seen);
  let current = seen;
  /** Changes the store when the writer still may and nothing moved since it began. */
  const change = (make: (state: JobState) => Omit<JobChange, 'atMs'>): Promise<void> =>
    asked.change({ ...(asked.record && { withCounts: true }) }, (state) => {
      asked.guard?.(state);
      if (!isSame(current, pickRecorded(state))) throw new OvertakenError('something changed meanwhile');
      return { change: { atMs: clock.nowMs(), ...make(state) }, answer: undefined };
    });
  const written = await writeBack({
    spec,
    expected,
    readRows: (first, last) => readRows(asked, { first, last }),
    async beforeReplace(next) {
      await change(() => ({ rows: { ...expected, next } }));
      current = { ...current, rows: { ...current.rows, ...expected, sha256Expected: next.sha256 } };
      faults?.reach('before-rename');
    },
    replace: (rename, digest) =>
      change((state) => ({
        ...asked.record?.(state, { digest, changed: true }),
        rows: digest,
        // The last thing that can fail: until the transaction commits, the digest to come explains the file.
        lastly() {
          rename();
          faults?.reach('after-rename');
        },
      })),
  });
  if (!written.changed) await change((state) => ({ ...asked.record?.(state, written), rows: written.digest }));
  return { ...written, path: spec.rowsPath, journalSequence: seen.sequence };
}

/**
 * The digest the file must have: one of those it had, since what is written follows from the recorded rows and not from
 * which of them it is. The newest is not looked for: writing back compares it anyway.
 */
async function findExpected({ rows, rowsFiles: known }: Recorded): Promise<FileDigest> {
  const { sha256, sizeBytes } = rows;
  if (known.every((one) => one.sha256 === sha256)) return { sha256, sizeBytes };
  try {
    const found = await digestFile(rows.path);
    if (known.some((one) => one.sha256 === found.sha256)) return found;
  } catch {
    // Writing back meets the same and says so.
  }
  return { sha256, sizeBytes };
}

async function readRows(
  { rows, job }: BatchWriteBack,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<ReadonlyMap<number, RowNow>> {
  const query = { statuses: [], afterNumber: first - 1, limit: last - first + 1 };
  const units = await rows.unitRecords(job.id, query);
  return new Map(
    units.map((unit) => [unit.number, { values: translateRowValues(unit), dataJson: unit.dataJson ?? '{}' }]),
  );
}
