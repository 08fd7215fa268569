/** What the system refuses, as operators meet it. */
import { dirname } from 'node:path';
import { type ErrorCode, RecoveryError } from '../core/errors.ts';
import { isOutOfSpace } from '../platform/out-of-space.ts';

const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STATE_UNREADABLE',
  EPERM: 'STATE_UNREADABLE',
  ENOTDIR: 'STATE_UNREADABLE',
  EEXIST: 'STATE_UNREADABLE',
  ENOENT: 'STATE_UNREADABLE',
  ELOOP: 'STATE_UNREADABLE',
  ENAMETOOLONG: 'STATE_UNREADABLE',
  EISDIR: 'STATE_UNREADABLE',
  ENXIO: 'STATE_UNREADABLE',
  EROFS: 'STATE_UNWRITABLE',
  EIO: 'STATE_UNWRITABLE',
  EFBIG: 'STATE_UNWRITABLE',
  EMFILE: 'STATE_UNWRITABLE',
};

/** Codes that are told in place of others: what is in the way of a change cannot be written, whatever a reader is told. */
export type InsteadOf = Readonly<Partial<Record<ErrorCode, ErrorCode>>>;

/** What is in the way of a change cannot be written, whatever a reader would be told. */
export const CHANGING: InsteadOf = { STATE_UNREADABLE: 'STATE_UNWRITABLE' };
/** What fails while nothing is written cannot be read, whatever a writer would be told. */
export const LOOKING: InsteadOf = { STATE_UNWRITABLE: 'STATE_UNREADABLE' };

/**
 * Runs something with a state directory; what the system refuses is told as such, `instead` as another.
 *
 * Errors: STATE_FULL, STATE_UNREADABLE, STATE_UNWRITABLE; everything else passes unchanged.
 */
export function translateErrors<T>(path: string, run: () => T, instead: InsteadOf = {}): T {
  try {
    return run();
  } catch (error) {
    throw translateError(path, error, { instead });
  }
}

/** The same for an error at hand. `codes` knows those that are not the system's. Errors: none thrown. */
export function translateError(
  path: string,
  error: unknown,
  how: { readonly instead?: InsteadOf; readonly codes?: (error: Error) => ErrorCode | undefined } = {},
): unknown {
  if (!(error instanceof Error) || error instanceof RecoveryError) return error;
  const code = chooseCode(error, path) ?? how.codes?.(error);
  if (!code) return error;
  const told = how.instead?.[code] ?? code;
  const said = code === 'STATE_FULL' ? `no room is left (${error.message})` : error.message;
  return new RecoveryError(told, `${path}: ${said}`, { cause: error, details: { path } });
}

function chooseCode(error: Error, path: string): ErrorCode | undefined {
  if (isOutOfSpace(error, dirname(path))) return 'STATE_FULL';
  return 'code' in error && typeof error.code === 'string' ? SYSTEM_CODES[error.code] : undefined;
}
