import type { UnitsEvidence } from '../../evidence/schema.ts';
import type { Answers } from '../../plan/schema.ts';

/** How many units under review a verify hook can be asked about: those with a receipt it cannot take back. Errors: none. */
export function countAskable(units: UnitsEvidence | undefined): number {
  return units?.canVerify === true ? units.counts.needs_review - units.inReviewWithReceipt : 0;
}

/**
 * How many units under review the verify hook is asked about again: none, unless that was answered.
 *
 * Errors: none.
 * Source: decisions/0024.
 */
export function countAskedAgain(units: UnitsEvidence | undefined, { verify }: Answers): number {
  return verify === 'again' ? countAskable(units) : 0;
}
