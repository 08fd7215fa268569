import { describeLeftInDoubt } from '../../../core/execution/unanswered.ts';
import type { RunOutcome, UnitsThrough } from '../../job-work.ts';

/**
 * Decides how a run of rows ends: failed when it halted, or a row failed or is left in doubt.
 *
 * Errors: none.
 * Source: contract, job files (on_error); design, rule 6.
 */
export function judgeBatchEnd({ units, counts, unasked }: UnitsThrough): RunOutcome {
  if (units.end === 'stopped') return { end: 'stopped' };
  const { failed, pending, in_doubt: inDoubt } = counts;
  if (units.end === 'halted' || failed > 0) return { end: 'failed', ...(units.error && { error: units.error }) };
  // They are asked about again by the next resume, so the job is not at its end.
  if (pending === 0 && inDoubt > 0) return { end: 'failed', error: describeLeftInDoubt(inDoubt, unasked) };
  if (pending === 0) return { end: 'completed' };
  // Whatever took them from the run's sight, they were not done.
  const message = `the run came to its end with ${pending} rows still to do`;
  return { end: 'failed', error: { code: 'STATE_CONTRADICTION', message } };
}
