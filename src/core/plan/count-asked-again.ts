import type { UnitsEvidence } from '../evidence/schema.ts';
import type { Decisions } from './schema.ts';

/**
 * How many units under review the verify hook is asked about again: with that decision all but those with a receipt,
 * which a hook cannot take back. 0 for a job without a hook.
 *
 * Errors: none.
 * Source: decisions/0024.
 */
export function countAskedAgain(units: UnitsEvidence | undefined, { verifyAgain }: Decisions): number {
  if (!units?.canVerify || verifyAgain !== true) return 0;
  return units.counts.needs_review - units.inReviewWithReceipt;
}
