/** What the entries of an audit trail say, for the command and the console alike. */
import type { AuditEntry } from '../core/ports.ts';

/** Control actions that are recorded before anything is done; how they end is in the report. */
const BEGINNINGS: ReadonlySet<string> = new Set(['run', 'resume', 'restart', 'stop']);

/**
 * The outcome of an entry in a word. What only begins with its entry may have ended in any way.
 *
 * Errors: none. Source: decisions/0022 (the lease comes first).
 */
export function describeAuditOutcome({ action, outcome }: Pick<AuditEntry, 'action' | 'outcome'>): string {
  return outcome === 'done' && BEGINNINGS.has(action) ? 'begun' : outcome;
}
