/**
 * The journal of units: intent -> receipt -> outcome. State follows from it, in the same transaction.
 *
 * pending -intent-> in_doubt -done-> done | -failed-> failed | -retry-> pending | -unknown-> needs_review
 * in_doubt -begun-> in_doubt (its work outlives its runner, and is known by a reference)
 * in_doubt -not_done-> pending (a verify hook said so) | -unanswered-> in_doubt (it gave no answer)
 * pending, failed -doubted-> in_doubt (the store went back in time) | -taken_back-> needs_review (by its worker)
 * needs_review -ask_again-> in_doubt; needs_review, in_doubt, failed -settled-> done, pending, skipped
 *
 * A unit has an end while it is done, failed or skipped, and keeps its last error until it is done or put to the start.
 */
import { RecoveryError } from '../core/errors.ts';
import type { JobError, UnitStatus } from '../core/job/schema.ts';

/** One thing that became known about a unit. Times are epoch milliseconds. */
export type UnitEvent =
  | { readonly type: 'intent'; readonly number: number; readonly attempt: number; readonly atMs: number }
  | { readonly type: 'begun'; readonly number: number; readonly reference: string; readonly atMs: number }
  | { readonly type: 'receipt'; readonly number: number; readonly receipt: string; readonly atMs: number }
  | {
      readonly type: 'done';
      readonly number: number;
      readonly receipt?: string;
      readonly resultJson?: string;
      readonly by?: 'verify' | 'receipt';
      readonly atMs: number;
    }
  | {
      readonly type: 'failed' | 'retry' | 'unknown';
      readonly number: number;
      readonly error: JobError;
      readonly receipt?: string;
      /** Of `unknown`: how often the verify hook was asked in vain, when that is why. */
      readonly times?: number;
      /** What that added to the error; a later question takes its place. */
      readonly said?: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'unanswered';
      readonly number: number;
      readonly error: JobError;
      /** How often the verify hook was asked in vain by now. */
      readonly times: number;
      readonly said?: string;
      readonly atMs: number;
    }
  | { readonly type: 'not_done'; readonly number: number; readonly atMs: number }
  | {
      /** A failure is taken back. Of a unit not failed or pending by now only a receipt counts, and only of one under review. */
      readonly type: 'taken_back';
      readonly number: number;
      readonly error: JobError;
      readonly receipt?: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'settled';
      readonly number: number;
      readonly as: 'done' | 'pending' | 'skipped';
      readonly receipt?: string;
      readonly reason: string;
      readonly atMs: number;
    };

/** What a unit is after an event; after `settled` it is what the person said. Events of many units are named here too. */
export const STATUS_AFTER: Readonly<
  Record<Exclude<UnitEvent['type'], 'settled'> | 'retry_failed' | 'reset' | 'ask_again' | 'doubted', UnitStatus>
> = {
  intent: 'in_doubt',
  begun: 'in_doubt',
  receipt: 'in_doubt',
  done: 'done',
  failed: 'failed',
  retry: 'pending',
  unknown: 'needs_review',
  unanswered: 'in_doubt',
  not_done: 'pending',
  ask_again: 'in_doubt',
  doubted: 'in_doubt',
  taken_back: 'needs_review',
  retry_failed: 'pending',
  reset: 'pending',
};

/** What the journal counts of an event: the attempt that begins, or how often the hook was asked in vain. */
export function countOf(event: UnitEvent): number {
  if (event.type === 'intent') return event.attempt;
  return event.type === 'unanswered' || event.type === 'unknown' ? (event.times ?? 0) : 0;
}

/** What the journal keeps of an event besides: a code, and a text. */
export function describeEvent(event: UnitEvent): { readonly code: string | null; readonly detail: string | null } {
  switch (event.type) {
    case 'begun':
      return { code: null, detail: event.reference };
    case 'receipt':
      return { code: null, detail: event.receipt };
    case 'unknown':
    case 'unanswered':
      return { code: event.error.code, detail: event.said ?? event.error.message };
    case 'failed':
    case 'retry':
    case 'taken_back':
      return { code: event.error.code, detail: event.error.message };
    case 'done':
      return { code: event.by ?? null, detail: event.receipt ?? null };
    case 'settled':
      return { code: event.as, detail: event.reason };
    case 'intent':
    case 'not_done':
      return { code: null, detail: null };
  }
}

/** The key that is the same for every attempt of a unit in one generation of a job. Source: design, rule 6. */
export function formatIdempotencyKey(
  job: { readonly id: string; readonly generation: number },
  number: number,
): string {
  return `${job.id}:${job.generation}:${number}`;
}

/** The error of a unit that is not in the state its event needs, since somebody else changed it. */
export function describeUnitChanged({ number, type }: Pick<UnitEvent, 'number' | 'type'>): RecoveryError {
  const message = `row ${number} is no longer as it was left: it is not in a state for "${type}"`;
  return new RecoveryError('UNIT_CHANGED', message, { details: { unit: number, event: type } });
}

/** The error of a unit whose input is gone: it is never run with another input than its own. */
export function describeDataGone(number: number): RecoveryError {
  return new RecoveryError('STATE_CORRUPT', `the input of row ${number} is gone from the store`, {
    details: { row: number },
  });
}
