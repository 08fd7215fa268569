/** What the system and SQLite refuse, as operators meet it. */
import type { ErrorCode } from '../../core/errors.ts';
import { type InsteadOf, translateError } from '../translate-errors.ts';

/** Primary SQLite result codes by what they mean for an operator. Source: sqlite.org, result codes. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  // What Salvor asks for is right for a whole store: a table or an index is not there.
  1: 'STATE_CORRUPT',
  5: 'STATE_UNWRITABLE',
  6: 'STATE_UNWRITABLE',
  8: 'STATE_UNWRITABLE',
  10: 'STATE_UNWRITABLE',
  11: 'STATE_CORRUPT',
  14: 'STATE_UNREADABLE',
  23: 'STATE_UNREADABLE',
  19: 'STATE_CORRUPT',
  26: 'STATE_CORRUPT',
};

/**
 * Runs something with a store; what the system or SQLite refuses is told as such, `instead` as another.
 *
 * Errors: STATE_FULL, STATE_UNREADABLE, STATE_UNWRITABLE, STATE_CORRUPT; everything else passes unchanged.
 */
export function translateErrors<T>(path: string, run: () => T, instead: InsteadOf = {}): T {
  try {
    return run();
  } catch (error) {
    throw describeError(path, error, instead);
  }
}

/** The same for something that takes its time. */
export async function translateRejections<T>(path: string, run: () => Promise<T>, instead: InsteadOf = {}): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw describeError(path, error, instead);
  }
}

function describeError(path: string, error: unknown, instead: InsteadOf): unknown {
  return translateError(path, error, { instead, codes: chooseCode });
}

function chooseCode(error: Error): ErrorCode | undefined {
  return 'errcode' in error && typeof error.errcode === 'number' ? CODES[error.errcode & 0xff] : undefined;
}
