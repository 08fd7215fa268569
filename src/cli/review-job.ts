import { isInHand } from '../core/diagnosis/attention.ts';
import { RecoveryError } from '../core/errors.ts';
import { diagnose } from '../core/families/diagnose.ts';
import { proposeReview } from '../core/families/propose.ts';
import { formatTime } from '../present/format.ts';
import { safeText } from '../present/safe-text.ts';
import { describeUnitStatus } from './holds-units.ts';
import type { FoundJob } from './open-places.ts';

/** What a review shows, as JSON and as lines. It changes nothing. */
export type Review = { readonly answer: unknown; readonly lines: readonly string[] };

const NO_LIMIT = 1_000_000_000;

/**
 * Lists the units of a job that are in doubt or wait for a person. Of several jobs any may have none.
 *
 * Errors: REVIEW_EMPTY when the only job has none; those of `collect`.
 * Source: contract, commands (review); formats/batch 3.4.
 */
export async function reviewJob(job: FoundJob, several: boolean): Promise<Review> {
  const { ref, place } = job;
  const { units } = await place.jobs.units(ref.id, {
    statuses: ['in_doubt', 'needs_review'],
    offset: 0,
    limit: NO_LIMIT,
  });
  const { id, name, kind, source } = ref;
  const evidence = await place.jobs.collect(id);
  const diagnosis = diagnose(evidence);
  const proposal = proposeReview({ evidence, diagnosis });
  if (!several && proposal.type === 'refused') {
    const { code, message, details } = proposal.refusal;
    throw new RecoveryError(code, message, { details });
  }
  const runnerLives = isInHand(diagnosis.verdict);
  const inHand = runnerLives ? units.filter(({ status }) => status === 'in_doubt').length : 0;
  const toReview = units.length - inHand;
  return {
    answer: {
      schema_version: 1,
      job: { id, name, kind, source },
      units: units.map((unit) => ({
        number: unit.number,
        key: unit.key,
        status: unit.status,
        idempotency_key: unit.idempotencyKey,
        receipt: unit.receipt ?? null,
        attempts: unit.attempts,
        started_at: unit.startedAtMs === undefined ? null : new Date(unit.startedAtMs).toISOString(),
        error: unit.error ? { code: unit.error.code, message: unit.error.message } : null,
      })),
    },
    lines: [
      `Job '${safeText(name, 200)}' (${id}): ${inHand > 0 ? `${inHand} in hand of its runner, ` : ''}${toReview} to review.`,
      ...units.map(
        (unit) =>
          `  row ${unit.number}  ${safeText(unit.key, 60)}  ${describeUnitStatus(unit.status, runnerLives)}  ${unit.idempotencyKey}  ` +
          `${unit.startedAtMs === undefined ? '-' : formatTime(unit.startedAtMs)}  ` +
          `${unit.receipt === undefined ? '' : `receipt ${safeText(unit.receipt, 80)}  `}` +
          `${unit.error ? `${safeText(unit.error.code, 40)}: ${safeText(unit.error.message, 160)}` : ''}`,
      ),
      ...(toReview > 0
        ? [`Settle them: salvor settle ${id} KEY|'#NUMBER'... --as done|pending|skipped --reason TEXT`]
        : []),
    ],
  };
}
