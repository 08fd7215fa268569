/** The audit chain of one job as data: each entry is hashed with the one before. */
import { digestText, formatCanonical } from '../core/digest.ts';
import { RecoveryError } from '../core/errors.ts';
import type { AuditFacts } from '../core/evidence/schema.ts';
import type { AuditEntry } from '../core/ports.ts';
import type { AuditWord } from './contract.ts';

/** What the first entry of a chain is hashed with, and the head of a chain that has none. */
export const GENESIS = '0'.repeat(64);

/** An entry as it is kept: its details as the canonical JSON text that was hashed. */
export type KeptEntry = Omit<AuditEntry, 'details'> & { readonly details: string };

/**
 * Makes the entry that follows the last one of a chain whose head is kept apart from it.
 *
 * Shapes: `head` is undefined while there is none, and `last` while there is no entry.
 * Errors: AUDIT_BROKEN when the last entry is not the one the head names.
 * Source: design, rule 9.
 */
export function chainEntry(
  word: AuditWord,
  { last, head }: { readonly last?: Pick<AuditEntry, 'sequence' | 'hash'>; readonly head?: string },
): KeptEntry {
  const sequence = (last?.sequence ?? 0) + 1;
  const previous = last?.hash ?? GENESIS;
  const expected = head ?? GENESIS;
  if (expected !== previous) throw describeBroken({ sequence, expected, found: previous });
  const details = formatCanonical(word.details);
  return { ...word, sequence, details, hash: hashEntry(previous, { ...word, sequence }, details) };
}

/** Refuses a chain that is not whole. Errors: AUDIT_BROKEN, naming the first entry that is not as it must be. */
export function checkChain({ broken }: AuditFacts): void {
  if (broken) throw describeBroken(broken);
}

function describeBroken(broken: NonNullable<AuditFacts['broken']>): RecoveryError {
  const { sequence, expected, found } = broken;
  const message = `the audit chain is broken at entry ${sequence}: expected ${expected}, found ${found}`;
  return new RecoveryError('AUDIT_BROKEN', message, { details: broken });
}

/**
 * What a job's chain says, its end compared with the head that is kept apart from it. Entries without a head are a
 * chain that somebody else wrote.
 */
export function readChainFacts(entries: readonly AuditEntry[], head: string | undefined): AuditFacts {
  return inspectAudit(entries, head ?? (entries.length > 0 ? GENESIS : undefined));
}

/**
 * Finds whose chain is broken, of jobs by their sequence numbers. Entries without a head are a chain that somebody else
 * wrote; neither of both is a whole chain of none.
 *
 * Errors: none.
 */
export function findBroken(
  entries: readonly (readonly [jobSeq: number, entry: AuditEntry])[],
  heads: ReadonlyMap<number, string>,
): ReadonlySet<number> {
  const chains = Map.groupBy(entries, ([jobSeq]) => jobSeq);
  const isBroken = (jobSeq: number) => {
    const chain = (chains.get(jobSeq) ?? []).map(([, entry]) => entry);
    return readChainFacts(chain, heads.get(jobSeq)).broken !== undefined;
  };
  return new Set([...new Set([...chains.keys(), ...heads.keys()])].filter(isBroken));
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
  const stopAsked = findStop(entries);
  return {
    entryCount: entries.length,
    actions,
    ...(head !== undefined && head !== previous && { broken }),
    ...(stopAsked && { stopAsked }),
  };
}

/** The newest request to stop. One that names no holder is none that can be told of. */
function findStop(entries: readonly AuditEntry[]): AuditFacts['stopAsked'] {
  const asking = entries.findLast(({ action, outcome }) => action === 'stop' && outcome === 'done');
  const holderEpoch = asking?.details['holder_epoch'];
  if (!asking || typeof holderEpoch !== 'number') return undefined;
  return { holderEpoch, principal: asking.principal, atMs: asking.atMs };
}

function hashEntry(previous: string, word: AuditWord & { readonly sequence: number }, details: string): string {
  const { sequence, atMs, principal, action, outcome, code, planDigest } = word;
  return digestText(formatCanonical([previous, sequence, atMs, principal, action, outcome, code, planDigest, details]));
}

/** Details as they are kept; text that no longer parses is shown as text. */
export function parseDetails(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : { text };
  } catch {
    return { text };
  }
}
