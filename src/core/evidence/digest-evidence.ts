import { digestValue } from '../digest.ts';
import type { Evidence } from './schema.ts';

/**
 * Fingerprint of what was seen, without the time of looking: looking twice at the same state gives the same digest.
 * What only time changes (the age of a heartbeat) is left out as well. So is the audit chain but for its damage: a
 * refusal written there does not change what a plan would do.
 *
 * Source: design, rules 3 and 8.
 */
export function digestEvidence(evidence: Evidence): string {
  const { collectedAtMs: _time, audit, liveness, ...facts } = evidence;
  const { heartbeatAgeMs: _age, ...lasting } = liveness ?? {};
  return digestValue({ ...facts, liveness: lasting, auditBroken: audit.broken });
}
