/** What the system and SQLite refuse, as operators meet it. */
import { dirname } from 'node:path';
import { type ErrorCode, RecoveryError } from '../core/errors.ts';
import { isOutOfSpace } from '../platform/out-of-space.ts';

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

/**
 * Runs something with the state directory; what the system or SQLite refuses is told as such, `instead` as another.
 *
 * Errors: STATE_FULL, STATE_UNREADABLE, STATE_UNWRITABLE, STATE_CORRUPT; everything else passes unchanged.
 */
export function translateErrors<T>(
  path: string,
  run: () => T,
  instead: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {},
): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RecoveryError) throw error;
    const code = chooseCode(error, path);
    if (!code) throw error;
    const said = code === 'STATE_FULL' ? `no room is left (${error.message})` : error.message;
    throw new RecoveryError(instead[code] ?? code, `${path}: ${said}`, { cause: error, details: { path } });
  }
}

function chooseCode(error: Error, path: string): ErrorCode | undefined {
  if (isOutOfSpace(error, dirname(path))) return 'STATE_FULL';
  if ('errcode' in error && typeof error.errcode === 'number') return CODES[error.errcode & 0xff];
  if ('code' in error && typeof error.code === 'string') return SYSTEM_CODES[error.code];
  return undefined;
}
