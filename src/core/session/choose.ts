import { digestValue } from '../digest.ts';
import { RecoveryError } from '../errors.ts';
import { buildProposal, findRow } from '../families/propose.ts';
import type { ActingChoice } from '../job/schema.ts';
import type { Answers } from '../plan/schema.ts';
import { inspect } from './inspect.ts';
import type { Looked } from './schema.ts';
import { pickLooked, refuse, type SessionContext } from './session-context.ts';

/**
 * Makes the plan of a choice, with what was answered so far; it does nothing yet. An answer may name
 * what was not read yet: then the job is looked at again, with that in mind.
 *
 * Errors: none thrown; a choice that cannot be taken is the state `refused`.
 */
export async function choose(context: SessionContext, choice: ActingChoice, given: Answers): Promise<void> {
  const before = pickLooked(context.state());
  if (!before) return;
  const wanted = pickLookedFor(before, choice, given);
  if (digestValue(wanted) !== digestValue(context.looking.answers)) {
    await inspect(context, { answers: wanted });
    if (context.state().stage === 'refused') return;
  }
  const looked = pickLooked(context.state());
  if (!looked) return;
  const answers = { ...context.standing, ...given };
  const proposal = buildProposal({ ...looked, authority: context.authority }, choice, answers);
  if (proposal.type === 'plan') context.become({ stage: 'planned', ...looked, plan: proposal.plan });
  if (proposal.type === 'refused') {
    const { code, message, details } = proposal.refusal;
    await refuse(context, new RecoveryError(code, message, { details }), { action: choice });
  }
}

/** Those of the answers with which the job has to be looked at. */
function pickLookedFor({ evidence }: Looked, choice: ActingChoice, given: Answers): Answers {
  const row = findRow(evidence.job, choice);
  const ids = row && row.choice !== 'review' ? (row.looksFor ?? []) : [];
  return Object.fromEntries(Object.entries(given).filter(([id]) => ids.includes(id)));
}
