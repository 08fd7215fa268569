/**
 * How far a job has come, kept beside the store: a store that says less than this went back in time.
 *
 * `high-water.json` is synced at every control action and at the end of a run; `journal-sequence` follows every commit
 * of a run without a sync, so that it survives the process but maybe not the machine. Both are written after the commit
 * they speak of, so a crash leaves them behind the store and never ahead of it. Source: decisions/0016.
 */
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';
import type { RegressionFacts } from '../../core/evidence/schema.ts';
import { describeRegression } from '../../core/plan/describe-regression.ts';
import { type StagedFile, stageFile } from '../../platform/files/stage-file.ts';
import { readSmallFile } from '../../platform/small-file.ts';
import { describeJobUnknown } from '../lease-errors.ts';
import type { JobRecord } from '../records.ts';
import { formatReached, type Reached } from '../regressions.ts';
import { HIGH_WATER_FILE } from '../state-directory.ts';
import { CHANGING } from '../translate-errors.ts';
import { checkAuditChain } from './audit.ts';
import { changeStore } from './database.ts';
import { readJob } from './jobs.ts';
import { translateErrors } from './translate-errors.ts';

/** The mark that follows every commit of a run: the journal sequence in digits. */
const JOURNAL_FILE = 'journal-sequence';
const LIMIT_BYTES = 4096;
/** A fixed width, so that every write replaces the one before, whole. */
const JOURNAL_DIGITS = 20;

/**
 * Reads how far a job had come, or undefined where nothing is recorded (nothing was done yet, or an older Salvor did
 * it); `damaged` is a mark that cannot be read, with the reason. Read it before the store: the store only goes forward.
 */
export function readHighWater(directory: string): Reached | { readonly damaged: string } | undefined {
  try {
    const text = readSmallFile(join(directory, HIGH_WATER_FILE), LIMIT_BYTES);
    const mark = text === undefined ? undefined : parseMark(text);
    const journalSequence = readJournalMark(directory);
    if (!mark) return journalSequence === 0 ? undefined : { ...NOTHING, journalSequence };
    return { ...mark, journalSequence: Math.max(mark.journalSequence, journalSequence) };
  } catch (error) {
    return { damaged: error instanceof Error ? error.message : String(error) };
  }
}

const NOTHING: Reached = { epoch: 0, journalSequence: 0, auditSequence: 0, auditHash: '' };

function parseMark(text: string): Reached {
  const mark: unknown = JSON.parse(text);
  const fields: Readonly<Record<string, unknown>> = typeof mark === 'object' && mark !== null ? { ...mark } : {};
  const count = (name: string): number => {
    const value = fields[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new Error(`${HIGH_WATER_FILE}: ${name} is no count`);
  };
  const hash = fields.audit_hash;
  if (typeof hash !== 'string') throw new Error(`${HIGH_WATER_FILE}: audit_hash is no text`);
  return {
    epoch: count('epoch'),
    journalSequence: count('journal_sequence'),
    auditSequence: count('audit_sequence'),
    auditHash: hash,
  };
}

/** A power cut may have left anything in a file that is not synced: what is no number says nothing. */
function readJournalMark(directory: string): number {
  const text = readSmallFile(join(directory, JOURNAL_FILE), LIMIT_BYTES)?.trim() ?? '';
  return /^0*\d{1,15}$/.test(text) ? Number(text) : 0;
}

/**
 * Makes what compares jobs of a store with their marks: it says what the store has less of, or undefined when it is as
 * far or further.
 *
 * Errors: none.
 * Source: decisions/0016.
 */
export function makeRegressionFinder(
  database: DatabaseSync,
): (jobSeq: number, mark: ReturnType<typeof readHighWater>) => RegressionFacts | undefined {
  const entryAt = database.prepare('SELECT hash FROM audit WHERE job_seq = ? AND sequence = ?');
  const readState = makeStateReader(database);
  return (jobSeq, mark) => {
    if (!mark) return undefined;
    if ('damaged' in mark) return { what: 'mark', recorded: 'a mark', found: mark.damaged };
    const now = readState(jobSeq);
    if (now.epoch < mark.epoch) return say('epoch', mark.epoch, now.epoch);
    if (now.journalSequence < mark.journalSequence) return say('journal', mark.journalSequence, now.journalSequence);
    const hash = mark.auditSequence === 0 ? '' : entryAt.get(jobSeq, mark.auditSequence)?.hash;
    if (hash === mark.auditHash) return undefined;
    return say('audit', `entry ${mark.auditSequence} with ${mark.auditHash}`, hash ?? 'no such entry');
  };
}

function say(what: RegressionFacts['what'], recorded: unknown, found: unknown): RegressionFacts {
  return { what, recorded: String(recorded), found: String(found) };
}

/** The same for one job. Errors: none. */
export function findRegression(
  database: DatabaseSync,
  jobSeq: number,
  mark: ReturnType<typeof readHighWater>,
): RegressionFacts | undefined {
  return makeRegressionFinder(database)(jobSeq, mark);
}

/** How far a job is in the store itself. Errors: none. */
export function readReached(database: DatabaseSync, jobSeq: number): Reached {
  return makeStateReader(database)(jobSeq);
}

function makeStateReader(database: DatabaseSync): (jobSeq: number) => Reached {
  const statement = database.prepare(
    `SELECT (SELECT max(epoch) FROM leases WHERE job_seq = ?1) AS epoch,
     (SELECT max(sequence) FROM unit_events WHERE job_seq = ?1) AS journal, sequence, hash
     FROM (SELECT 1) LEFT JOIN (SELECT sequence, hash FROM audit WHERE job_seq = ?1 ORDER BY sequence DESC LIMIT 1)`,
  );
  return (jobSeq) => {
    const row = statement.get(jobSeq);
    return {
      epoch: Number(row?.epoch ?? 0),
      journalSequence: Number(row?.journal ?? 0),
      auditSequence: Number(row?.sequence ?? 0),
      auditHash: String(row?.hash ?? ''),
    };
  };
}

/** What a change of a job comes to. `lastly` is called right before the commit; nothing that can fail comes after it. */
export type Changed<T> = { readonly answer: T; readonly isChanged: boolean; readonly lastly?: () => void };

/**
 * Changes a job in one transaction that first checks that the store did not go back in time, and whose outcome is
 * marked. The mark is written and synced beside its file before the commit, so that a full disk refuses the change, and
 * takes its place after it.
 *
 * Errors: JOB_UNKNOWN, STORE_REGRESSED, those of `changeStore`, and what `change` throws; nothing is changed then.
 */
export function changeJob<T>(database: DatabaseSync, spot: JobSpot, change: (job: JobRecord) => Changed<T>): T {
  const { jobId, directory, accepts } = spot;
  let staged: StagedFile | undefined;
  try {
    const answer = changeStore(database, () => {
      const job = readJob(database, jobId);
      if (!job) throw describeJobUnknown(jobId);
      if (accepts === undefined) checkNotRegressed(database, job.seq, spot);
      const changed = change(job);
      if (changed.isChanged) staged = stageMark(directory, makeStateReader(database)(job.seq));
      changed.lastly?.();
      return changed.answer;
    });
    publish(staged);
    if (accepts === 'regression') forgetJournalMark(directory);
    return answer;
  } catch (error) {
    staged?.discard();
    throw error;
  }
}

/** A job by its id, and the directory that is its own. */
type JobSpot = {
  readonly jobId: string;
  readonly directory: string;
  /** That the store went back in time is what the change accepts. */
  readonly accepts?: 'regression';
};

/** Errors: AUDIT_BROKEN; STORE_REGRESSED naming what is recorded and what is there. */
function checkNotRegressed(database: DatabaseSync, jobSeq: number, { jobId, directory }: JobSpot): void {
  const regression = findRegression(database, jobSeq, readHighWater(directory));
  if (!regression) return;
  // A chain that is broken in itself says more than one that is shorter than it was.
  checkAuditChain(database, jobSeq);
  const message = describeRegression(regression);
  throw new RecoveryError('STORE_REGRESSED', message, { details: { job: jobId, ...regression } });
}

function stageMark(directory: string, mark: Reached): StagedFile {
  const text = JSON.stringify({ schema_version: 1, ...formatReached(mark) });
  const path = join(directory, HIGH_WATER_FILE);
  return translateErrors(
    path,
    () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return stageFile(path, `${text}\n`);
    },
    CHANGING,
  );
}

function publish(staged: StagedFile | undefined): void {
  try {
    staged?.publish();
  } catch {
    // The action is committed; a mark that stays behind the store is caught up by the next one.
  }
}

/** Follows the commits of one run. */
export type JournalMark = { readonly write: (sequence: number) => void; readonly close: () => void };

/**
 * Opens the mark that follows every commit of a run. It is not synced: it is there for whoever looks after the process
 * died, and costs a row one small write.
 *
 * Errors: none; what cannot be written is not followed, and the mark of the last control action is left.
 */
export function openJournalMark(directory: string): JournalMark {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(join(directory, JOURNAL_FILE), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch {
    return { write: () => {}, close: () => {} };
  }
  const file = descriptor;
  let isOpen = true;
  return {
    write(sequence) {
      // A descriptor that was closed may by now be another file's, the store's own log included.
      if (!isOpen) return;
      try {
        writeSync(file, `${String(sequence).padStart(JOURNAL_DIGITS, '0')}\n`, 0);
      } catch {
        // Results matter more than their mark: it stays where it was, behind the store.
      }
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

/** A person accepted the store as it is: what followed the commits of the lost runs says nothing any more. */
function forgetJournalMark(directory: string): void {
  try {
    const descriptor = openSync(join(directory, JOURNAL_FILE), constants.O_WRONLY | constants.O_NOFOLLOW);
    ftruncateSync(descriptor, 0);
    closeSync(descriptor);
  } catch {
    // It was never there.
  }
}
