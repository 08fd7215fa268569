/** The audit chain of one job: append-only, each entry hashed with the one before. */
import type { DatabaseSync } from 'node:sqlite';
import type { AuditFacts } from '../../core/evidence/schema.ts';
import type { AuditEntry } from '../../core/ports.ts';
import { chainEntry, checkChain, findBroken, readChainFacts } from '../audit-chain.ts';
import type { AuditWord } from '../contract.ts';
import { translateEntry } from '../translate-rows.ts';

/**
 * Appends an entry to a chain that ends at its head. Call it inside the transaction of the change it records, and
 * `checkAuditChain` before it: an entry on top of a chain that lost its end would make it look whole again.
 *
 * Errors: AUDIT_BROKEN when the last entry is not the one the head names.
 * Source: design, rule 9.
 */
export function appendAudit(database: DatabaseSync, jobSeq: number, word: AuditWord): void {
  const row = database
    .prepare('SELECT sequence, hash FROM audit WHERE job_seq = ? ORDER BY sequence DESC LIMIT 1')
    .get(jobSeq);
  const head = readAuditHead(database, jobSeq);
  const entry = chainEntry(word, {
    ...(row && { last: { sequence: Number(row.sequence), hash: String(row.hash) } }),
    ...(head !== undefined && { head }),
  });
  database
    .prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      jobSeq,
      entry.sequence,
      entry.atMs,
      entry.principal,
      entry.action,
      entry.outcome,
      entry.code ?? null,
      entry.planDigest ?? null,
      entry.details,
      entry.hash,
    );
  database.prepare('INSERT OR REPLACE INTO audit_heads VALUES (?, ?)').run(jobSeq, entry.hash);
}

/** The newest hash of a job's chain as it is kept apart from the chain, or undefined while there is none. */
export function readAuditHead(database: DatabaseSync, jobSeq: number): string | undefined {
  const head = database.prepare('SELECT hash FROM audit_heads WHERE job_seq = ?').get(jobSeq)?.hash;
  return typeof head === 'string' ? head : undefined;
}

/** What a job's chain says, compared with its head. */
export function readAuditFacts(database: DatabaseSync, jobSeq: number): AuditFacts {
  return readChainFacts(readAudit(database, jobSeq), readAuditHead(database, jobSeq));
}

/**
 * Refuses a change of a job whose audit chain is not whole. Call it inside the transaction of the change.
 *
 * Errors: AUDIT_BROKEN, naming the first entry that is not as it must be.
 * Source: design, rule 9.
 */
export function checkAuditChain(database: DatabaseSync, jobSeq: number): void {
  checkChain(readAuditFacts(database, jobSeq));
}

/** Reads a job's chain, oldest first. Details that no longer parse are shown as text. */
export function readAudit(database: DatabaseSync, jobSeq: number): readonly AuditEntry[] {
  return database.prepare('SELECT * FROM audit WHERE job_seq = ? ORDER BY sequence').all(jobSeq).map(translateEntry);
}

/**
 * Finds the jobs of a page whose chain is broken.
 *
 * Shapes: a job without entries, and without a head, has a whole chain of none.
 */
export function findBrokenChains(database: DatabaseSync, jobSeqs: readonly number[]): ReadonlySet<number> {
  const named = JSON.stringify(jobSeqs);
  const rows = database
    .prepare('SELECT * FROM audit WHERE job_seq IN (SELECT value FROM json_each(?)) ORDER BY job_seq, sequence')
    .all(named);
  const heads = database
    .prepare('SELECT job_seq, hash FROM audit_heads WHERE job_seq IN (SELECT value FROM json_each(?))')
    .all(named);
  return findBroken(
    rows.map((row) => [Number(row.job_seq), translateEntry(row)]),
    new Map(heads.map((row) => [Number(row.job_seq), String(row.hash)])),
  );
}
