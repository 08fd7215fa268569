/** Bringing a new job's units into the store, and taking away what was only half brought in. */
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';
import type { UnitInput } from '../records.ts';
import { changeStore } from './database.ts';

/** How many units are deleted in one transaction. */
const DELETE_UNITS = 50_000;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

/**
 * Records units as pending. Call it inside a transaction.
 *
 * Errors: ROWS_INVALID naming the key that stands twice and both places.
 */
export function insertUnits(database: DatabaseSync, jobSeq: number, units: readonly UnitInput[]): void {
  const unit = database.prepare("INSERT INTO units (job_seq, number, key, status) VALUES (?, ?, ?, 'pending')");
  const data = database.prepare('INSERT INTO unit_data VALUES (?, ?, ?)');
  for (const { number, key, dataJson } of units) {
    try {
      unit.run(jobSeq, number, key);
    } catch (error) {
      throw describeDuplicate(database, jobSeq, { number, key, error });
    }
    data.run(jobSeq, number, dataJson);
  }
}

function describeDuplicate(
  database: DatabaseSync,
  jobSeq: number,
  { number, key, error }: { readonly number: number; readonly key: string; readonly error: unknown },
): unknown {
  if (!(error instanceof Error && 'errcode' in error && error.errcode === SQLITE_CONSTRAINT_UNIQUE)) return error;
  const first = database.prepare('SELECT number FROM units WHERE job_seq = ? AND key = ?').get(jobSeq, key);
  return new RecoveryError('ROWS_INVALID', `key '${key}' stands twice: in row ${first?.number} and in row ${number}`, {
    details: { key, rows: [Number(first?.number), number] },
  });
}

/** Jobs whose rows are still coming in, or were when their importer died. */
export function listImporting(database: DatabaseSync): readonly { readonly id: string; readonly seq: number }[] {
  return database
    .prepare("SELECT id, seq FROM jobs WHERE status = 'importing'")
    .all()
    .map((row) => ({ id: String(row.id), seq: Number(row.seq) }));
}

/** Deletes a job that never began, in transactions small enough not to hold others up. */
export function deleteJob(database: DatabaseSync, jobSeq: number): void {
  for (const table of ['unit_data', 'units']) {
    const statement = database.prepare(
      `DELETE FROM ${table} WHERE job_seq = ?1 AND number IN (SELECT number FROM ${table} WHERE job_seq = ?1 LIMIT ?2)`,
    );
    let changes: number | bigint;
    do {
      changes = changeStore(database, () => statement.run(jobSeq, DELETE_UNITS).changes);
    } while (changes > 0);
  }
  changeStore(database, () => {
    database.prepare('DELETE FROM rows_files WHERE job_seq = ?').run(jobSeq);
    database.prepare("DELETE FROM jobs WHERE seq = ? AND status = 'importing'").run(jobSeq);
  });
}

/** Takes a job that nobody ever held out of sight, to be deleted; answers whether it was one. */
export function hideUnheld(database: DatabaseSync, jobSeq: number): boolean {
  const { changes } = changeStore(database, () =>
    database
      .prepare(
        `UPDATE jobs SET status = 'importing' WHERE seq = ?1 AND status = 'pending'
         AND NOT EXISTS (SELECT 1 FROM leases WHERE job_seq = ?1)`,
      )
      .run(jobSeq),
  );
  return changes === 1;
}
