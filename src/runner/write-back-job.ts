import type { DatabaseSync } from 'node:sqlite';
import { isRecoveryError, RecoveryError } from '../core/errors.ts';
import type { Faults } from '../core/ports.ts';
import { digestFile, type FileDigest } from '../platform/digest-file.ts';
import { changeStore } from '../store/database.ts';
import { readJournalSequence } from '../store/evidence-queries.ts';
import { expectRowsFile, type JobRecord, readJob, readRowsFiles, updateRowsFile } from '../store/jobs.ts';
import { readUnitDataRange, readUnitRange } from '../store/units.ts';
import type { BatchSpec } from './job-file/schema.ts';
import { type RowNow, translateRowValues } from './rows/row-values.ts';
import { type WrittenFile, writeBack } from './rows/write-back.ts';

/** How often a write-back begins anew because a row or the file changed under it. */
const TRIES = 10;

/** A write-back to be done. */
export type JobWriteBack = {
  readonly database: DatabaseSync;
  readonly jobId: string;
  readonly spec: BatchSpec;
  /** Says, inside each transaction, whether the writer still may: throws when not. */
  readonly guard: () => void;
  /** Records what is done in the transaction that does it. */
  readonly record?: (written: WrittenFile) => void;
  /** Crash points: `before-rename`, `after-rename`. */
  readonly faults?: Faults;
};

/** What was written; `journalSequence` is how far the journal was that it says. */
export type WrittenResults = WrittenFile & { readonly journalSequence: number };

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
export async function writeBackJob(asked: JobWriteBack): Promise<WrittenResults> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const seen = readState(asked);
    try {
      return await writeOnce(asked, seen);
    } catch (error) {
      // Another writer replaced the file, or a row was settled, while this one read.
      const isOvertaken = error instanceof Error && [error, error.cause].some((one) => one instanceof OvertakenError);
      const mayHaveMoved = isOvertaken || (isRecoveryError(error) && error.code === 'ROWS_FILE_CHANGED');
      if (mayHaveMoved && triesLeft > 1 && hasMoved(asked, seen)) continue;
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

type State = { readonly job: JobRecord; readonly rows: NonNullable<JobRecord['rows']>; readonly sequence: number };

function readState({ database, jobId }: JobWriteBack): State {
  const job = readJob(database, jobId);
  if (!job?.rows) throw new RecoveryError('STATE_CORRUPT', `job ${jobId} has no rows file on record`);
  return { job, rows: job.rows, sequence: readJournalSequence(database, job.seq) };
}

/** Whether to look again. The write lock is waited for: who has it may have replaced the file and not recorded it yet. */
function hasMoved(asked: JobWriteBack, seen: State): boolean {
  const now = changeStore(asked.database, () => readState(asked));
  return seen.rows.sha256Expected !== undefined || !isSame(seen, now);
}

function isSame(left: State, right: State): boolean {
  return (
    left.sequence === right.sequence &&
    left.job.generation === right.job.generation &&
    left.rows.sha256 === right.rows.sha256 &&
    left.rows.sha256Expected === right.rows.sha256Expected
  );
}

async function writeOnce(asked: JobWriteBack, seen: State): Promise<WrittenResults> {
  const { database, spec, faults } = asked;
  const { seq } = seen.job;
  const expected = await findExpected(database, seen);
  let current = seen;
  /** Changes the store when the writer still may and nothing moved since it began. */
  const change = (make: () => void): void =>
    changeStore(database, () => {
      asked.guard();
      if (!isSame(current, readState(asked))) throw new OvertakenError('something changed meanwhile');
      make();
    });
  const written = await writeBack({
    spec,
    expected,
    readRows: (first, last) => readRows(database, seen.job, { first, last }),
    beforeReplace(next) {
      change(() => {
        expectRowsFile(database, seq, { found: expected, next });
        current = readState(asked);
      });
      faults?.reach('before-rename');
    },
    replace: (rename, digest) =>
      change(() => {
        updateRowsFile(database, seq, digest);
        asked.record?.({ digest, changed: true });
        // The last thing that can fail: until the transaction commits, the digest to come explains the file.
        rename();
        faults?.reach('after-rename');
      }),
  });
  if (!written.changed) {
    change(() => {
      updateRowsFile(database, seq, written.digest);
      asked.record?.(written);
    });
  }
  return { ...written, journalSequence: seen.sequence };
}

/**
 * The digest the file must have: one of those it had, since what is written follows from the recorded rows and not from
 * which of them it is. The newest is not looked for: writing back compares it anyway.
 */
async function findExpected(database: DatabaseSync, { job, rows }: State): Promise<FileDigest> {
  const { sha256, sizeBytes } = rows;
  const known = readRowsFiles(database, job.seq);
  if (known.every((one) => one.sha256 === sha256)) return { sha256, sizeBytes };
  try {
    const found = await digestFile(rows.path);
    if (known.some((one) => one.sha256 === found.sha256)) return found;
  } catch {
    // Writing back meets the same and says so.
  }
  return { sha256, sizeBytes };
}

function readRows(
  database: DatabaseSync,
  job: JobRecord,
  range: { readonly first: number; readonly last: number },
): ReadonlyMap<number, RowNow> {
  const data = readUnitDataRange(database, job.seq, range);
  return new Map(
    readUnitRange(database, job, range).map((unit) => [
      unit.number,
      { values: translateRowValues(unit), dataJson: data.get(unit.number) ?? '{}' },
    ]),
  );
}
