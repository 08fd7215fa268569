import type { Diagnosis } from '../diagnosis/schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import { familyOf } from './registry.ts';

/**
 * Says what the evidence means: a verdict, findings, and the choice to recommend; none when a finding blocks.
 *
 * Errors: none for a family there is. Same evidence, same diagnosis.
 * Source: design, rules 2, 5 and 9; seed 002.
 */
export function diagnose(evidence: Evidence): Diagnosis {
  const { recommended, ...diagnosis } = familyOf(evidence.job).diagnose(evidence);
  const isBlocked = diagnosis.findings.some(({ severity }) => severity === 'blocks');
  return recommended === undefined || isBlocked ? diagnosis : { ...diagnosis, recommended };
}
