import type { LivenessJudgement } from '../diagnosis/judge-liveness.ts';
import { RecoveryError } from '../errors.ts';
import type { LeaseHolder, OrphanFacts, UnitFacts } from '../evidence/schema.ts';
import type { UnitStatus } from '../job/schema.ts';
import { describeHolder, pickHolder } from './describe-holder.ts';

/** What is true of a job at the moment one of its units is settled. */
export type SettleFacts = {
  readonly job: { readonly id: string; readonly name: string; readonly status: string };
  /** The last holder that ran units, and what is known of it. A holder that let go has no judgement. */
  readonly holder?: LeaseHolder;
  readonly judgement?: LivenessJudgement;
  readonly orphans: readonly OrphanFacts[];
};

/**
 * What is said of a unit: as what it is settled, at which place of the journal it was seen, and what was known of the
 * runner then.
 */
export type SettleWord = {
  readonly as: 'done' | 'pending' | 'skipped';
  readonly seenSequence: number;
  readonly runnerSeen?: LivenessJudgement['type'];
  /** The runner's last sign of life that was known then. Unit: epoch milliseconds. */
  readonly heartbeatSeenMs?: number;
};

/** States in which a unit can be settled. */
const OPEN: ReadonlySet<UnitStatus> = new Set(['in_doubt', 'needs_review', 'failed']);

/**
 * Says why a unit cannot be settled now, or undefined when it can.
 *
 * A unit that a runner may have in hand, or would take up again, is not settled while that runner lives or cannot be
 * judged: both would act. What waits for a person is the person's, whoever runs the rest. A process that outlived its
 * runner may still do the unit it has in hand. What was seen beside a living runner is not known of one that died
 * since: it may have had the effect and left no trace of it. Nor is what was seen of one that counted as dead and gave
 * a sign of life since.
 *
 * Errors: none thrown; EVIDENCE_STALE, UNIT_NOT_OPEN, JOB_CANCELLED, ORPHAN_RUNNING, RUNNER_ALIVE and LIVENESS_UNKNOWN
 * are values.
 * Source: design, rules 2, 6 and 7.
 */
export function checkSettle(facts: SettleFacts, unit: UnitFacts, word: SettleWord): RecoveryError | undefined {
  const { job } = facts;
  const row = `row ${unit.number} (${unit.key})`;
  const details = { job: job.id, unit: unit.number, key: unit.key, status: unit.status };
  if (unit.eventSequence !== word.seenSequence) {
    const found = { expected_sequence: word.seenSequence, found_sequence: unit.eventSequence };
    const message = `${row} changed since it was looked at: it is ${describeStatus(unit.status)} now`;
    return new RecoveryError('EVIDENCE_STALE', message, { details: { ...details, ...found } });
  }
  if (!OPEN.has(unit.status)) {
    return new RecoveryError('UNIT_NOT_OPEN', `${row} is ${describeStatus(unit.status)}`, { details });
  }
  if (job.status === 'cancelled' && word.as === 'pending') {
    return new RecoveryError('JOB_CANCELLED', `job '${job.name}' was cancelled; ${row} cannot be put back`, {
      details,
    });
  }
  const refusal = isPersons(unit, word.as)
    ? undefined
    : (checkRunner(facts, row, details) ??
      checkSeen(word, row, details) ??
      checkRevived(facts, word, { row, details }));
  if (refusal) return refusal;
  // A worker does many units, and which it has in hand is not known.
  const orphan = facts.orphans.find(({ unitNumber }) => (unitNumber ?? unit.number) === unit.number);
  if (!orphan || (orphan.unitNumber === undefined && unit.status !== 'in_doubt')) return undefined;
  const message = `process ${orphan.pid} (${orphan.command}) of the dead runner still works on ${row}`;
  return new RecoveryError('ORPHAN_RUNNING', message, { details: { ...details, pid: orphan.pid } });
}

/** Whether a word is about what waits for a person alone: no runner has it in hand, or gets it back. */
export function isPersons({ status }: UnitFacts, as: SettleWord['as']): boolean {
  return status === 'needs_review' && as !== 'pending';
}

function checkRunner(
  { job, holder, judgement }: SettleFacts,
  row: string,
  details: Readonly<Record<string, unknown>>,
): RecoveryError | undefined {
  if (!holder || !judgement || judgement.type === 'dead') return undefined;
  if (judgement.type === 'alive') {
    const state = judgement.stalled ? ' (it is stalled)' : '';
    return new RecoveryError('RUNNER_ALIVE', `${describeHolder(holder)} holds the job and ${row}${state}`, {
      details: { ...details, holder: pickHolder(holder) },
    });
  }
  // Nothing of a cancelled job is run again, and its runner's words are refused: it need not be judged.
  if (job.status === 'cancelled') return undefined;
  return new RecoveryError('LIVENESS_UNKNOWN', `Salvor cannot tell whether the job still runs: ${judgement.reason}`, {
    details,
  });
}

function checkSeen(
  { runnerSeen }: SettleWord,
  row: string,
  details: Readonly<Record<string, unknown>>,
): RecoveryError | undefined {
  if (runnerSeen !== 'alive' && runnerSeen !== 'unknown') return undefined;
  const message = `${row} may have been done since it was looked at: its runner lived then, and is gone now`;
  return new RecoveryError('EVIDENCE_STALE', message, { details: { ...details, runner_seen: runnerSeen } });
}

function checkRevived(
  { holder, judgement }: SettleFacts,
  { heartbeatSeenMs }: SettleWord,
  { row, details }: { readonly row: string; readonly details: Readonly<Record<string, unknown>> },
): RecoveryError | undefined {
  if (!holder || !judgement || heartbeatSeenMs === undefined || holder.heartbeatAtMs === heartbeatSeenMs) {
    return undefined;
  }
  const since = new Date(holder.heartbeatAtMs).toISOString();
  const message = `${row} may have been done since it was looked at: its runner gave a sign of life at ${since}`;
  return new RecoveryError('EVIDENCE_STALE', message, { details: { ...details, heartbeat_at: since } });
}

/** A state in words: `in doubt`. */
function describeStatus(status: UnitStatus): string {
  return status.replace('_', ' ');
}
