/**
 * The journal of units: intent -> receipt -> outcome. State follows from it, in the same transaction.
 *
 * pending -intent-> in_doubt -done-> done | -failed-> failed | -retry-> pending | -unknown-> needs_review
 * in_doubt -not_done-> pending (a verify hook said so) | -unanswered-> in_doubt (it gave no answer)
 * pending, failed -doubted-> in_doubt (the store went back in time) | -taken_back-> needs_review (by its worker)
 * needs_review -ask_again-> in_doubt; needs_review, in_doubt, failed -settled-> done, pending, skipped
 * A unit has an end while it is done, failed or skipped, and keeps its last error until it is done or put to the start.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RecoveryError } from '../core/errors.ts';
import type { JobError, UnitStatus } from '../core/job/schema.ts';

/** One thing that became known about a unit. Times are epoch milliseconds. */
export type UnitEvent =
  | { readonly type: 'intent'; readonly number: number; readonly attempt: number; readonly atMs: number }
  | { readonly type: 'receipt'; readonly number: number; readonly receipt: string; readonly atMs: number }
  | {
      readonly type: 'done';
      readonly number: number;
      readonly receipt?: string;
      readonly resultJson?: string;
      readonly by?: 'verify' | 'receipt';
      readonly atMs: number;
    }
  | {
      readonly type: 'failed' | 'retry' | 'unknown';
      readonly number: number;
      readonly error: JobError;
      readonly receipt?: string;
      /** Of `unknown`: how often the verify hook was asked in vain, when that is why. */
      readonly times?: number;
      /** What that added to the error; a later question takes its place. */
      readonly said?: string;
      readonly atMs: number;
    }
  /** `times`: how often the verify hook was asked in vain by now. */
  | {
      readonly type: 'unanswered';
      readonly number: number;
      readonly error: JobError;
      readonly times: number;
      readonly said?: string;
      readonly atMs: number;
    }
  | { readonly type: 'not_done'; readonly number: number; readonly atMs: number }
  | {
      /** A failure is taken back. Of a unit not failed or pending by now only a receipt counts, and only of one under review. */
      readonly type: 'taken_back';
      readonly number: number;
      readonly error: JobError;
      readonly receipt?: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'settled';
      readonly number: number;
      readonly as: 'done' | 'pending' | 'skipped';
      readonly receipt?: string;
      readonly reason: string;
      readonly atMs: number;
    };

/** Appends events to one job's journal. `begin` comes first in every transaction: others may have written too. */
export type UnitJournal = {
  readonly begin: () => void;
  readonly append: (event: UnitEvent) => void;
  /** Number of the newest event, as of `begin` and what was appended since. */
  readonly sequence: () => number;
};

/** What a unit is after an event; after `settled` it is what the person said. Events of many units are named here too. */
export const STATUS_AFTER: Readonly<
  Record<Exclude<UnitEvent['type'], 'settled'> | 'retry_failed' | 'reset' | 'ask_again' | 'doubted', UnitStatus>
> = {
  intent: 'in_doubt',
  receipt: 'in_doubt',
  done: 'done',
  failed: 'failed',
  retry: 'pending',
  unknown: 'needs_review',
  unanswered: 'in_doubt',
  not_done: 'pending',
  ask_again: 'in_doubt',
  doubted: 'in_doubt',
  taken_back: 'needs_review',
  retry_failed: 'pending',
  reset: 'pending',
};

const OPEN = "status IN ('in_doubt', 'needs_review', 'failed')";

/**
 * Makes a journal writer for one job. Call `append` inside a transaction only.
 *
 * Errors: UNIT_CHANGED when a unit is not in the state the event needs, since somebody else changed it; roll back then.
 * Source: design, rule 6.
 */
export function makeUnitJournal(database: DatabaseSync, jobSeq: number, epoch: number): UnitJournal {
  const last = database.prepare('SELECT max(sequence) AS s FROM unit_events WHERE job_seq = ?');
  const insert = database.prepare('INSERT INTO unit_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const statements = prepareChanges(database);
  let sequence = 0;
  return {
    sequence: () => sequence,
    begin() {
      sequence = Number(last.get(jobSeq)?.s ?? 0);
    },
    append(event) {
      sequence += 1;
      const { changes } = applyEvent(statements, jobSeq, { event, sequence });
      if (changes !== 1) {
        sequence -= 1;
        if (event.type === 'taken_back') return;
        const message = `row ${event.number} is no longer as it was left: it is not in a state for "${event.type}"`;
        throw new RecoveryError('UNIT_CHANGED', message, { details: { unit: event.number, event: event.type } });
      }
      const { code, detail } = describeEvent(event);
      insert.run(jobSeq, sequence, event.number, countOf(event), event.type, epoch, event.atMs, code, detail);
    },
  };
}

type Statements = Readonly<
  Record<
    'intent' | 'receipt' | 'done' | 'failure' | 'unknown' | 'unanswered' | 'notDone' | 'takenBack' | 'settle',
    StatementSync
  >
>;

function prepareChanges(database: DatabaseSync): Statements {
  const at = 'WHERE job_seq = ? AND number = ?';
  return {
    intent: database.prepare(
      `UPDATE units SET status = 'in_doubt', attempts = ?, started_at_ms = ?, finished_at_ms = NULL, receipt = NULL,
       event = ? ${at} AND status = 'pending'`,
    ),
    receipt: database.prepare(`UPDATE units SET receipt = ?, event = ? ${at} AND status = 'in_doubt'`),
    done: database.prepare(
      `UPDATE units SET status = 'done', receipt = coalesce(?, receipt), result = ?, error_code = NULL,
       error_message = NULL, finished_at_ms = ?, event = ? ${at} AND status = 'in_doubt'`,
    ),
    failure: database.prepare(
      `UPDATE units SET status = ?, error_code = ?, error_message = ?, finished_at_ms = ?, event = ?
       ${at} AND status = 'in_doubt'`,
    ),
    unknown: database.prepare(
      `UPDATE units SET status = 'needs_review', receipt = coalesce(?, receipt), error_code = ?, error_message = ?,
       event = ? ${at} AND status = 'in_doubt'`,
    ),
    unanswered: database.prepare(
      `UPDATE units SET error_code = ?, error_message = ?, event = ? ${at} AND status = 'in_doubt'`,
    ),
    takenBack: database.prepare(
      `UPDATE units SET status = 'needs_review', receipt = coalesce(?1, receipt), error_code = ?2, error_message = ?3,
       finished_at_ms = NULL, event = ?4 WHERE job_seq = ?5 AND number = ?6 AND (status IN ('failed', 'pending')
       OR status = 'needs_review' AND receipt IS NULL AND ?1 IS NOT NULL)`,
    ),
    notDone: database.prepare(`UPDATE units SET status = 'pending', event = ? ${at} AND status = 'in_doubt'`),
    settle: database.prepare(
      `UPDATE units SET status = ?1, receipt = coalesce(?2, receipt), event = ?4,
       finished_at_ms = CASE ?1 WHEN 'pending' THEN NULL ELSE ?3 END,
       error_code = CASE ?1 WHEN 'done' THEN NULL ELSE error_code END,
       error_message = CASE ?1 WHEN 'done' THEN NULL ELSE error_message END
       WHERE job_seq = ?5 AND number = ?6 AND ${OPEN}`,
    ),
  };
}

function applyEvent(
  statements: Statements,
  jobSeq: number,
  { event, sequence }: { readonly event: UnitEvent; readonly sequence: number },
): { readonly changes: number | bigint } {
  const { number, atMs } = event;
  switch (event.type) {
    case 'intent':
      return statements.intent.run(event.attempt, atMs, sequence, jobSeq, number);
    case 'receipt':
      return statements.receipt.run(event.receipt, sequence, jobSeq, number);
    case 'done':
      return statements.done.run(event.receipt ?? null, event.resultJson ?? null, atMs, sequence, jobSeq, number);
    case 'failed':
    case 'retry': {
      const { code, message } = event.error;
      const [status, endMs] = event.type === 'failed' ? ['failed', atMs] : ['pending', null];
      return statements.failure.run(status, code, message, endMs, sequence, jobSeq, number);
    }
    case 'unknown':
    case 'taken_back': {
      const { code, message } = event.error;
      const statement = event.type === 'unknown' ? statements.unknown : statements.takenBack;
      return statement.run(event.receipt ?? null, code, message, sequence, jobSeq, number);
    }
    case 'unanswered':
      return statements.unanswered.run(event.error.code, event.error.message, sequence, jobSeq, number);
    case 'not_done':
      return statements.notDone.run(sequence, jobSeq, number);
    case 'settled':
      return statements.settle.run(event.as, event.receipt ?? null, atMs, sequence, jobSeq, number);
  }
}

/** What the journal counts of an event: the attempt that begins, or how often the hook was asked in vain. */
function countOf(event: UnitEvent): number {
  if (event.type === 'intent') return event.attempt;
  return event.type === 'unanswered' || event.type === 'unknown' ? (event.times ?? 0) : 0;
}

function describeEvent(event: UnitEvent): { readonly code: string | null; readonly detail: string | null } {
  switch (event.type) {
    case 'receipt':
      return { code: null, detail: event.receipt };
    case 'unknown':
    case 'unanswered':
      return { code: event.error.code, detail: event.said ?? event.error.message };
    case 'failed':
    case 'retry':
    case 'taken_back':
      return { code: event.error.code, detail: event.error.message };
    case 'done':
      return { code: event.by ?? null, detail: event.receipt ?? null };
    case 'settled':
      return { code: event.as, detail: event.reason };
    case 'intent':
    case 'not_done':
      return { code: null, detail: null };
  }
}

/** Which holder changes many units at once, and when (epoch milliseconds). */
export type ChangeMark = { readonly epoch: number; readonly atMs: number };

/** Puts failed units back to be tried again; returns how many there were. Source: contract, the recovery prompt. */
export function retryFailedUnits(database: DatabaseSync, jobSeq: number, by: ChangeMark): number {
  return changeAll(database, jobSeq, {
    from: ['failed'],
    event: 'retry_failed',
    ...by,
    reset: ', finished_at_ms = NULL',
  });
}

/** Puts every unit back to the start, results and receipts included; the journal keeps what they were. */
export function resetUnits(database: DatabaseSync, jobSeq: number, by: ChangeMark): number {
  return changeAll(database, jobSeq, {
    from: ['done', 'failed', 'in_doubt', 'needs_review', 'skipped', 'pending'],
    event: 'reset',
    ...by,
    reset: `, attempts = 0, receipt = NULL, result = NULL, error_code = NULL, error_message = NULL,
      started_at_ms = NULL, finished_at_ms = NULL`,
  });
}

function changeAll(
  database: DatabaseSync,
  jobSeq: number,
  change: ChangeMark & { readonly from: readonly UnitStatus[]; readonly event: string; readonly reset: string },
): number {
  const states = change.from.map((status) => `'${status}'`).join(', ');
  const base = readLastSequence(database, jobSeq);
  database
    .prepare(
      `INSERT INTO unit_events SELECT job_seq, ? + row_number() OVER (ORDER BY number), number, attempts, ?, ?, ?,
       status, receipt FROM units WHERE job_seq = ? AND status IN (${states}) AND (status != 'pending' OR attempts > 0)`,
    )
    .run(base, change.event, change.epoch, change.atMs, jobSeq);
  const { changes } = database
    .prepare(
      `UPDATE units SET status = 'pending', event = ?${change.reset} WHERE job_seq = ? AND status IN (${states})`,
    )
    .run(base + 1, jobSeq);
  return Number(changes);
}

/** Number of the newest event of a job's journal; 0 when there is none. */
export function readLastSequence(database: DatabaseSync, jobSeq: number): number {
  return Number(database.prepare('SELECT max(sequence) AS s FROM unit_events WHERE job_seq = ?').get(jobSeq)?.s ?? 0);
}
