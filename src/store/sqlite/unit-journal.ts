/** The journal of units in SQLite: state follows from it, in the same transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { UnitStatus } from '../../core/job/schema.ts';
import { countOf, describeEvent, describeUnitChanged, type UnitEvent } from '../unit-events.ts';

/** Appends events to one job's journal. `begin` comes first in every transaction: others may have written too. */
export type UnitJournal = {
  readonly begin: () => void;
  readonly append: (event: UnitEvent) => void;
  /** Number of the newest event, as of `begin` and what was appended since. */
  readonly sequence: () => number;
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
        throw describeUnitChanged(event);
      }
      const { code, detail } = describeEvent(event);
      insert.run(jobSeq, sequence, event.number, countOf(event), event.type, epoch, event.atMs, code, detail);
    },
  };
}

type Statements = Readonly<
  Record<
    'intent' | 'begun' | 'receipt' | 'done' | 'failure' | 'unknown' | 'unanswered' | 'notDone' | 'takenBack' | 'settle',
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
    begun: database.prepare(`UPDATE units SET event = ? ${at} AND status = 'in_doubt'`),
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
    case 'begun':
      return statements.begun.run(sequence, jobSeq, number);
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
