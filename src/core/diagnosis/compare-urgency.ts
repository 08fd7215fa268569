import { ATTENTIONS, type JobSummary } from '../job/schema.ts';

/** What the order of a list follows from. */
type Urgency = Pick<JobSummary, 'attention' | 'sinceMs' | 'objectives'>;

/**
 * The order of a list: what must be known of a job, the most urgent first; then the least recovery time left; then the
 * most recent.
 *
 * Source: contract, list --json (order).
 */
export function compareUrgency(a: Urgency, b: Urgency): number {
  const rank = ATTENTIONS.indexOf(a.attention) - ATTENTIONS.indexOf(b.attention);
  const never = Number.POSITIVE_INFINITY;
  const left = (a.objectives?.rtoRemainingSeconds ?? never) - (b.objectives?.rtoRemainingSeconds ?? never);
  // Two jobs without objectives differ by NaN: what is left then is how recent they are.
  return rank || left || (b.sinceMs ?? 0) - (a.sinceMs ?? 0);
}
