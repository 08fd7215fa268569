import { RecoveryError } from '../../core/errors.ts';
import type { JobRecord, JudgeSameRows, NewJob, UnitInput, UnitsInput } from '../records.ts';
import { notify, updateRows } from './change-job.ts';
import { describeError } from './describe-error.ts';
import { findSameRows, HELD_LOCKS, readJob } from './jobs.ts';
import { expectStore, type StoreHead } from './migrations.ts';
import type { Session } from './session.ts';
import { inTransaction, type Sessions } from './sessions.ts';

/** A job to be recorded, its rows, and who judges it at the end. */
export type Creation = {
  readonly job: NewJob;
  readonly rows: UnitsInput;
  readonly judge?: JudgeSameRows;
};

const CHANGING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';
/** How many units are deleted in one transaction. */
const DELETE_UNITS = 50_000;

/**
 * Records a job with all its rows on a session of its own, whose lock says that they are still coming in; until the last
 * one is there, the job is `importing` and nobody sees it.
 *
 * Errors: those of the contract; nothing stays.
 * Source: decisions/0004.
 */
export async function createJob(sessions: Sessions, creation: Creation, channel: string): Promise<JobRecord> {
  const session = await sessions.open();
  const { place } = sessions.settings;
  try {
    const store = await expectStore(session, place);
    await removeAbandoned(session, store);
    return await importJob(session, creation, { store, channel });
  } catch (error) {
    throw describeError(place, error);
  } finally {
    await session.close();
  }
}

async function importJob(
  session: Session,
  { job, rows, judge }: Creation,
  { store, channel }: { readonly store: StoreHead; readonly channel: string },
): Promise<JobRecord> {
  const seq = await insertJob(session, job, store);
  try {
    for await (const chunk of rows.chunks) await insertUnits(session, seq, chunk);
    await inTransaction(session, CHANGING, async () => {
      // Who records the same rows at the same time waits here, and is judged by this job.
      await session.query('SELECT FROM salvor_store FOR UPDATE');
      const digest = rows.digest?.();
      if (digest && job.rowsPath !== undefined) {
        judge?.(await findSameRows(session, job.name, { path: job.rowsPath, sha256: digest.sha256 }));
        await updateRows(session, seq, digest);
      }
      await session.query("UPDATE jobs SET status = 'pending' WHERE seq = $1", [seq]);
      await notify(session, channel);
      return { answer: undefined };
    });
  } catch (error) {
    // A failure here is left to the next one to repeat: the cause that is already being told matters more.
    await removeJob(session, seq).catch(() => {});
    throw error;
  }
  const record = await readJob(session, job.id);
  if (record) return record;
  throw new RecoveryError('STATE_CORRUPT', `job ${job.id} is gone after it was recorded`);
}

async function insertJob(session: Session, job: NewJob, { lockSpace }: StoreHead): Promise<number> {
  return inTransaction(session, CHANGING, async () => {
    const text = `INSERT INTO jobs (id, name, kind, status, spec, rows_path, created_at_ms, active_at_ms)
      VALUES ($1, $2, $3, 'importing', $4, $5, $6, $6) RETURNING seq`;
    const [row] = await session.query(text, [job.id, job.name, job.kind, job.spec, job.rowsPath ?? null, job.atMs]);
    const seq = Number(row?.seq);
    await session.query('SELECT pg_advisory_lock($1, $2)', [lockSpace, seq]);
    return { answer: seq };
  });
}

async function insertUnits(session: Session, seq: number, units: readonly UnitInput[]): Promise<void> {
  const numbers = units.map(({ number }) => number);
  await inTransaction(session, CHANGING, async () => {
    const text = `INSERT INTO units (job_seq, number, key) SELECT $1, number, key
      FROM unnest($2::integer[], $3::text[]) AS u(number, key) ON CONFLICT (job_seq, key) DO NOTHING RETURNING number`;
    const data =
      'INSERT INTO unit_data SELECT $1, number, data FROM unnest($2::integer[], $3::text[]) AS u(number, data)';
    const [inserted] = await Promise.all([
      session.query(text, [seq, numbers, units.map(({ key }) => key)]),
      session.query(data, [seq, numbers, units.map(({ dataJson }) => dataJson)]),
    ]);
    if (inserted.length < units.length) {
      throw await describeDuplicate(session, seq, {
        units,
        inserted: new Set(inserted.map((row) => Number(row.number))),
      });
    }
    return { answer: undefined };
  });
}

async function describeDuplicate(
  session: Session,
  seq: number,
  { units, inserted }: { readonly units: readonly UnitInput[]; readonly inserted: ReadonlySet<number> },
): Promise<RecoveryError> {
  const second = units.find(({ number }) => !inserted.has(number));
  const key = second?.key ?? '';
  const [row] = await session.query('SELECT number FROM units WHERE job_seq = $1 AND key = $2', [seq, key]);
  const rows = [Number(row?.number), second?.number];
  const message = `key '${key}' stands twice: in row ${rows[0]} and in row ${rows[1]}`;
  return new RecoveryError('ROWS_INVALID', message, { details: { key, rows } });
}

/** Removes a job that nobody ever held. Errors: those of the contract. */
export async function takeBackJob(sessions: Sessions, jobId: string, channel: string): Promise<void> {
  await sessions.use(async (session) => {
    const seq = await inTransaction(session, CHANGING, async () => {
      const text = `UPDATE jobs SET status = 'importing' WHERE id = $1 AND status = 'pending'
        AND NOT EXISTS (SELECT FROM leases WHERE job_seq = seq) RETURNING seq`;
      const [row] = await session.query(text, [jobId]);
      await notify(session, channel);
      return { answer: row && Number(row.seq) };
    });
    // A failure here is left to the next one to repeat.
    if (seq !== undefined) await removeJob(session, seq).catch(() => {});
  });
}

/** Takes away what processes left that died while rows came in: their locks are free. */
async function removeAbandoned(session: Session, { lockSpace }: StoreHead): Promise<void> {
  const text = `SELECT seq FROM jobs WHERE status = 'importing' AND seq NOT IN (${HELD_LOCKS})`;
  for (const row of await session.query(text, [lockSpace])) {
    const seq = Number(row.seq);
    const [lock] = await session.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [lockSpace, seq]);
    if (lock?.taken !== true) continue;
    await removeJob(session, seq);
    await session.query('SELECT pg_advisory_unlock($1, $2)', [lockSpace, seq]);
  }
}

/** Deletes a job that never began, in transactions small enough not to hold others up. */
async function removeJob(session: Session, seq: number): Promise<void> {
  for (const table of ['unit_data', 'units']) {
    const text = `WITH gone AS (DELETE FROM ${table} WHERE job_seq = $1 AND number IN (
      SELECT number FROM ${table} WHERE job_seq = $1 LIMIT $2) RETURNING 1) SELECT count(*) AS n FROM gone`;
    for (let left = true; left; ) {
      const [row] = await session.query(text, [seq, DELETE_UNITS]);
      left = Number(row?.n) > 0;
    }
  }
  await session.query('DELETE FROM rows_files WHERE job_seq = $1', [seq]);
  await session.query("DELETE FROM jobs WHERE seq = $1 AND status = 'importing'", [seq]);
}
