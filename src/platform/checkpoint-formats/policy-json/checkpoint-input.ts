/** What a saver gives, checked before anything is written. */

import type { RecoveryError } from '../../../core/errors.ts';
import { U64_MAX } from '../../exact-json/unsigned.ts';
import { describeType, refuseInput } from './check-options.ts';
import { isBlank } from './judge.ts';
import type { RawJson } from './raw-json.ts';
import { CHECKPOINT_VERSION, type PolicyHead } from './schema.ts';

/**
 * A state: a plain object, or JSON text that is written as it is. Any object is accepted by its type, since interfaces
 * have no index signature; what JSON has no form for is refused, with its place, when it is saved.
 */
export type StateInput = RawJson | object;

/** One checkpoint to save. Steps and the time (Unix seconds) are whole numbers from 0 to 2^64 - 1. */
export type CheckpointInput = {
  readonly runId: string;
  readonly globalStep: number | bigint;
  readonly optimizerStep: number | bigint;
  readonly savedAtUnixSeconds: number | bigint;
  readonly policyState: StateInput;
  readonly optimizerState: StateInput;
  /** Whether to put a digest beside the payload; older readers ignore it. */
  readonly digest: boolean;
};

/**
 * Checks what surrounds the states; they are checked while they are written.
 *
 * Errors: CHECKPOINT_INPUT_INVALID with the field.
 */
export function parseHead(input: CheckpointInput): PolicyHead {
  const { runId } = input;
  if (typeof runId !== 'string') throw invalid('run_id', `must be a string, and it is ${describeType(runId)}`);
  if (isBlank(runId)) throw invalid('run_id', 'must not be empty');
  if (!runId.isWellFormed()) throw invalid('run_id', 'holds half a surrogate pair, which UTF-8 has no form for');
  return {
    version: CHECKPOINT_VERSION,
    runId,
    globalStep: parseU64('global_step', input.globalStep),
    optimizerStep: parseU64('optimizer_step', input.optimizerStep),
    savedAtUnixSeconds: parseU64('saved_at_unix_seconds', input.savedAtUnixSeconds),
  };
}

function parseU64(field: string, value: number | bigint): bigint {
  const isExact = typeof value === 'bigint' || Number.isSafeInteger(value);
  const number = isExact ? BigInt(value) : -1n;
  if (number >= 0n && number <= U64_MAX && !Object.is(value, -0)) return number;
  const found = ['number', 'bigint'].includes(typeof value) ? String(value) : describeType(value);
  throw invalid(field, `must be a whole number from 0 to ${U64_MAX}, exact (a bigint beyond 2^53), and it is ${found}`);
}

function invalid(field: string, why: string): RecoveryError {
  return refuseInput(`checkpoint field '${field}' ${why}`, { field });
}
