import type { JobError } from '../../core/job/schema.ts';

/** Thrown when a row's value cannot be given to a command; the unit fails with it before any effect. */
export class UnpassableError extends Error {
  override readonly name = 'UnpassableError';
  /** What the unit fails with. */
  readonly error: JobError;

  constructor(message: string, code = 'ROW_UNPASSABLE') {
    super(message);
    this.error = { code, message };
  }
}

/**
 * Checks that a value arrives at a command as it is: arguments and environment variables cannot hold NUL, and text
 * that is not well-formed Unicode would be altered on the way.
 *
 * Errors: UnpassableError, naming what holds the value.
 */
export function checkPassable(value: string, what: string): string {
  if (value.includes('\0')) throw new UnpassableError(`${what} holds a NUL character, which no command can be given`);
  if (!value.isWellFormed())
    throw new UnpassableError(`${what} holds half a surrogate pair, which no command can be given`);
  return value;
}
