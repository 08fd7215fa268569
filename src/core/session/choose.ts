import { RecoveryError } from '../errors.ts';
import { buildProposal } from '../plan/build-plan.ts';
import type { Decisions, PlanChoice } from '../plan/schema.ts';
import { pickLooked, refuse, type SessionContext } from './session-context.ts';

/**
 * Makes the plan of a choice, with the decisions taken so far; it does nothing yet.
 *
 * Errors: none thrown; a choice that cannot be taken is the state `refused`.
 */
export async function choose(context: SessionContext, choice: PlanChoice, decisions: Decisions): Promise<void> {
  const looked = pickLooked(context.state());
  if (!looked) return;
  const proposal = buildProposal({ ...looked, authority: context.authority }, choice, decisions);
  if (proposal.type === 'plan') context.become({ stage: 'planned', ...looked, plan: proposal.plan });
  if (proposal.type === 'refused') {
    const { code, message, details } = proposal.refusal;
    await refuse(context, new RecoveryError(code, message, { details }), { action: choice });
  }
}
