/** What the entries of an audit trail say, for the command and the console alike. */
import type { AuditEntry } from '../core/ports.ts';

/** Control actions that are recorded before anything is done; how they end is in the report. */
const BEGINNINGS: ReadonlySet<string> = new Set(['run', 'resume', 'restart', 'stop']);

/**
 * The outcome of an entry in a word. What only begins with its entry may have ended in any way, and that a stop has an
 * outcome does not say which: its result does. Foreign text in it is not made safe.
 *
 * Errors: none. Source: decisions/0022 (the lease comes first).
 */
export function describeAuditOutcome({
  action,
  outcome,
  details,
}: Pick<AuditEntry, 'action' | 'outcome' | 'details'>): string {
  const { result } = details;
  if (action === 'stop_outcome' && outcome === 'done' && typeof result === 'string') return result.replaceAll('_', ' ');
  return outcome === 'done' && BEGINNINGS.has(action) ? 'begun' : outcome;
}
