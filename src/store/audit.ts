/** The audit chain of one job: append-only, each entry hashed with the one before. */
import type { DatabaseSync } from 'node:sqlite';
import { digestText, formatCanonical } from '../core/digest.ts';
import { RecoveryError } from '../core/errors.ts';
import type { AuditFacts } from '../core/evidence/schema.ts';
import type { AuditEntry } from '../core/ports.ts';

/** What an entry says; sequence and hash are the chain's. */
export type AuditWord = Omit<AuditEntry, 'sequence' | 'hash'>;

const GENESIS = '0'.repeat(64);

/**
 * Appends an entry to a chain that ends at its head. Call it inside the transaction of the change it records, and
 * `checkAuditChain` before it: an entry on top of a chain that lost its end would make it look whole again.
 *
 * Errors: AUDIT_BROKEN when the last entry is not the one the head names.
 * Source: design, rule 9.
 */
export function appendAudit(database: DatabaseSync, jobSeq: number, word: AuditWord): void {
  const last = database
    .prepare('SELECT sequence, hash FROM audit WHERE job_seq = ? ORDER BY sequence DESC LIMIT 1')
    .get(jobSeq);
  const sequence = Number(last?.sequence ?? 0) + 1;
  const previous = String(last?.hash ?? GENESIS);
  const head = readAuditHead(database, jobSeq) ?? GENESIS;
  if (head !== previous) throw describeBroken({ sequence, expected: head, found: previous });
  const details = formatCanonical(word.details);
  const hash = hashEntry(previous, { ...word, sequence }, details);
  database
    .prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      jobSeq,
      sequence,
      word.atMs,
      word.principal,
      word.action,
      word.outcome,
      word.code ?? null,
      word.planDigest ?? null,
      details,
      hash,
    );
  database.prepare('INSERT OR REPLACE INTO audit_heads VALUES (?, ?)').run(jobSeq, hash);
}

/** The newest hash of a job's chain as it is kept apart from the chain, or undefined while there is none. */
export function readAuditHead(database: DatabaseSync, jobSeq: number): string | undefined {
  const head = database.prepare('SELECT hash FROM audit_heads WHERE job_seq = ?').get(jobSeq)?.hash;
  return typeof head === 'string' ? head : undefined;
}

/**
 * What a job's chain says, its end compared with the head that is kept apart from it. Entries without a head are a
 * chain that somebody else wrote.
 */
export function readAuditFacts(database: DatabaseSync, jobSeq: number): AuditFacts {
  const entries = readAudit(database, jobSeq);
  const head = readAuditHead(database, jobSeq) ?? (entries.length > 0 ? GENESIS : undefined);
  return inspectAudit(entries, head);
}

/**
 * Refuses a change of a job whose audit chain is not whole. Call it inside the transaction of the change.
 *
 * Errors: AUDIT_BROKEN, naming the first entry that is not as it must be.
 * Source: design, rule 9.
 */
export function checkAuditChain(database: DatabaseSync, jobSeq: number): void {
  const { broken } = readAuditFacts(database, jobSeq);
  if (broken) throw describeBroken(broken);
}

function describeBroken(broken: NonNullable<AuditFacts['broken']>): RecoveryError {
  const { sequence, expected, found } = broken;
  const message = `the audit chain is broken at entry ${sequence}: expected ${expected}, found ${found}`;
  return new RecoveryError('AUDIT_BROKEN', message, { details: broken });
}

/** Reads a job's chain, oldest first. Details that no longer parse are shown as text. */
export function readAudit(database: DatabaseSync, jobSeq: number): readonly AuditEntry[] {
  return database.prepare('SELECT * FROM audit WHERE job_seq = ? ORDER BY sequence').all(jobSeq).map(translateEntry);
}

function translateEntry(row: Readonly<Record<string, unknown>>): AuditEntry {
  return {
    sequence: Number(row.sequence),
    atMs: Number(row.at_ms),
    principal: String(row.principal),
    action: String(row.action),
    outcome: String(row.outcome),
    ...(row.code !== null && { code: String(row.code) }),
    ...(row.plan_digest !== null && { planDigest: String(row.plan_digest) }),
    details: parseDetails(String(row.details)),
    hash: String(row.hash),
  };
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
  const headOf = new Map(heads.map((row) => [Number(row.job_seq), String(row.hash)]));
  const chains = Map.groupBy(rows, (row) => Number(row.job_seq));
  const isBroken = (seq: number) =>
    inspectAudit((chains.get(seq) ?? []).map(translateEntry), headOf.get(seq)).broken !== undefined;
  return new Set([...new Set([...chains.keys(), ...headOf.keys()])].filter(isBroken));
}

/** Checks a chain: sequence without a hole, every hash as it must be, and the last one the job's own `head`. */
export function inspectAudit(entries: readonly AuditEntry[], head?: string): AuditFacts {
  const actions = entries.filter((entry) => entry.outcome === 'done').map((entry) => entry.action);
  let previous = GENESIS;
  for (const [index, entry] of entries.entries()) {
    const expected = hashEntry(previous, { ...entry, sequence: index + 1 }, formatCanonical(entry.details));
    if (entry.sequence !== index + 1 || entry.hash !== expected) {
      return {
        entryCount: entries.length,
        actions,
        broken: { sequence: index + 1, expected, found: entry.hash },
      };
    }
    previous = entry.hash;
  }
  const broken = { sequence: entries.length + 1, expected: head ?? previous, found: previous };
  return { entryCount: entries.length, actions, ...(head !== undefined && head !== previous && { broken }) };
}

function hashEntry(previous: string, word: AuditWord & { readonly sequence: number }, details: string): string {
  const { sequence, atMs, principal, action, outcome, code, planDigest } = word;
  return digestText(formatCanonical([previous, sequence, atMs, principal, action, outcome, code, planDigest, details]));
}

function parseDetails(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : { text };
  } catch {
    return { text };
  }
}
