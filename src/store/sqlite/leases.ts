/** Leases: one row for every holder a job ever had; the highest epoch holds it, and fences those before. */
import type { DatabaseSync } from 'node:sqlite';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import type { ProcessIdentity } from '../../platform/process-probe.ts';
import { checkEpoch } from '../lease-errors.ts';
import { translateHolder } from '../translate-rows.ts';

/** What a holder took the lease for. Only a `run` starts units; the others fence one, and let go at once. */
export type LeasePurpose = 'run' | 'cancel' | 'settle' | 'repair';

/** A lease being taken. `epoch` must be one above the highest seen, else somebody was faster. */
export type LeaseClaim = {
  readonly jobSeq: number;
  readonly epoch: number;
  readonly purpose: LeasePurpose;
  readonly identity: ProcessIdentity;
  readonly runToken: string;
  readonly principal: string;
  readonly atMs: number;
};

/** The highest epoch of a job; 0 when nobody ever held it. */
export function readEpoch(database: DatabaseSync, jobSeq: number): number {
  return Number(database.prepare('SELECT max(epoch) AS epoch FROM leases WHERE job_seq = ?').get(jobSeq)?.epoch ?? 0);
}

/** Records a new holder. Call it inside the transaction that also checked the epoch. */
export function insertLease(database: DatabaseSync, claim: LeaseClaim): void {
  const { identity } = claim;
  database
    .prepare('INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)')
    .run(
      claim.jobSeq,
      claim.epoch,
      claim.purpose,
      identity.host,
      identity.bootId,
      identity.pidNamespace,
      identity.pid,
      identity.pidStartTicks,
      claim.runToken,
      claim.principal,
      claim.atMs,
      claim.atMs,
    );
}

/** The last holder that ran units, or undefined when the job was never started. */
export function readRunner(database: DatabaseSync, jobSeq: number): LeaseHolder | undefined {
  const row = database
    .prepare("SELECT * FROM leases WHERE job_seq = ? AND purpose = 'run' ORDER BY epoch DESC LIMIT 1")
    .get(jobSeq);
  return row && translateHolder(row, readEpoch(database, jobSeq));
}

/** Run tokens of every holder of a job: what its orphans carry. */
export function readRunTokens(database: DatabaseSync, jobSeq: number): readonly string[] {
  return database
    .prepare("SELECT run_token FROM leases WHERE job_seq = ? AND purpose = 'run'")
    .all(jobSeq)
    .map((row) => String(row.run_token));
}

/**
 * Refuses a writer that is no longer the holder. Call it first in every transaction of a runner.
 *
 * Errors: LEASE_FENCED.
 * Source: design, rule 7.
 */
export function checkFence(database: DatabaseSync, jobSeq: number, epoch: number): void {
  checkEpoch(readEpoch(database, jobSeq), epoch);
}

/** Reads the highest epoch of a job over and over: what is asked before every effect is prepared once. */
export function prepareEpochReader(database: DatabaseSync, jobSeq: number): () => number {
  const statement = database.prepare('SELECT max(epoch) AS epoch FROM leases WHERE job_seq = ?');
  return () => Number(statement.get(jobSeq)?.epoch ?? 0);
}

/** Says that the holder lives. */
export function beatHeart(
  database: DatabaseSync,
  jobSeq: number,
  beat: { readonly epoch: number; readonly atMs: number },
): void {
  database
    .prepare('UPDATE leases SET heartbeat_at_ms = ? WHERE job_seq = ? AND epoch = ?')
    .run(beat.atMs, jobSeq, beat.epoch);
  database.prepare('UPDATE jobs SET active_at_ms = ? WHERE seq = ?').run(beat.atMs, jobSeq);
}

/** Says that the holder is through; in the same transaction as its last word on the job. */
export function releaseLease(
  database: DatabaseSync,
  jobSeq: number,
  end: { readonly epoch: number; readonly atMs: number },
): void {
  database
    .prepare('UPDATE leases SET released_at_ms = ? WHERE job_seq = ? AND epoch = ?')
    .run(end.atMs, jobSeq, end.epoch);
}
