/** When a unit that failed is tried again, and whether it is. */
import type { JobError } from '../job/schema.ts';

/** How often and when a failed unit is tried. `attempts` counts the first try. Source: contract, job files. */
export type RetryPolicy = {
  readonly attempts: number;
  readonly backoff: 'exponential' | 'linear' | 'fixed';
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  /** Full jitter: the wait is drawn from zero to the computed delay. */
  readonly jitter: boolean;
  /** Error codes that are worth another try; absent means every definite failure is. */
  readonly on?: readonly string[];
};

/**
 * Answers how long to wait before the next try.
 *
 * Shapes: `attempt` is the number of tries made so far, from 1; `random` is drawn from [0, 1).
 * Units:  milliseconds, whole, never above `maxDelayMs`.
 * Errors: none.
 * Source: contract, job files (retry).
 */
export function computeBackoffMs(asked: {
  readonly retry: RetryPolicy;
  readonly attempt: number;
  readonly random: number;
}): number {
  const { retry, attempt, random } = asked;
  const growth = { fixed: 1, linear: attempt, exponential: 2 ** (attempt - 1) }[retry.backoff];
  const delayMs = Math.min(retry.initialDelayMs * growth, retry.maxDelayMs);
  return Math.floor(retry.jitter ? delayMs * random : delayMs);
}

/**
 * Answers whether a definite failure is worth another try, by its code alone. An unknown outcome is never asked here:
 * it is settled first.
 *
 * Errors: none.
 * Source: contract, job files (retry, on); design, rule 6.
 */
export function isRetryable(error: JobError, retry: RetryPolicy): boolean {
  return retry.on === undefined || retry.on.includes(error.code);
}
