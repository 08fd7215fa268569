import type { Choice } from '../job/schema.ts';
import { proposeChoice } from '../plan/build-plan.ts';
import type { ChoiceRow, PlanInput } from '../plan/choice-row.ts';
import { refuse } from '../plan/common-rules.ts';
import type { Answers, Proposal, Proposals } from '../plan/schema.ts';
import { familyOf } from './registry.ts';

/** Says for every choice of a job what it would do, or why it cannot be taken. Errors: none. Same input, same digests. */
export function buildProposals(input: PlanInput, answers: Answers = {}): Proposals {
  const rows = familyOf(input.evidence.job).choices;
  return Object.fromEntries(rows.map((row) => [row.choice, proposeChoice(input, row, answers)]));
}

/** What one choice would do with these answers; one that the job's family does not have is refused. Errors: none. */
export function buildProposal(input: PlanInput, choice: Choice, answers: Answers = {}): Proposal {
  const row = findRow(input.evidence.job, choice);
  if (row) return proposeChoice(input, row, answers);
  const { job } = input.evidence;
  const known = familyOf(job).choices.map((one) => one.choice);
  const message = `job '${job.name}' of source ${job.source} knows no ${choice}; what there is: ${known.join(', ')}`;
  const reason = refuse('CHOICE_UNSUPPORTED', message, { job: job.id, source: job.source, choices: known });
  return { type: 'refused', refusal: { ...reason, choice } };
}

/** The row of a choice, when the job's family has it. Errors: none. */
export function findRow(job: PlanInput['evidence']['job'], choice: Choice): ChoiceRow | undefined {
  return familyOf(job).choices.find((row) => row.choice === choice);
}

/** What a review would show; it needs nobody's leave. Errors: none. */
export function proposeReview(seen: Omit<PlanInput, 'authority'>): Proposal {
  const authority = { principal: '', policy: { type: 'none' }, readOnly: true, canAct: false } as const;
  return buildProposal({ ...seen, authority }, 'review');
}
