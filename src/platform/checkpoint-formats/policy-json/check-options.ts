/** What callers of the library give, looked at before anything else: a mistake is said where it was made. */
import { RecoveryError } from '../../../core/errors.ts';
import { describeNearestName } from '../../../core/find-nearest-name.ts';

/** The type of a value, for people. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

/**
 * Checks that options are an object and that each one is known.
 *
 * Errors: CHECKPOINT_INPUT_INVALID naming the function, the option and the nearest known one.
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refuseInput(`${where}: the options must be an object, and they are ${describeType(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw refuseInput(`${where}: unknown option '${unknown}'${describeNearestName(unknown, known)}`);
  }
}

/** Checks a path. Errors: CHECKPOINT_INPUT_INVALID for what is no text, empty, or has a NUL in it. */
export function checkPath(where: string, name: string, path: unknown): void {
  if (typeof path !== 'string') throw refuseInput(`${where}: ${name} must be a path, and it is ${describeType(path)}`);
  if (path === '') throw refuseInput(`${where}: ${name} is empty`);
  if (path.includes('\0')) throw refuseInput(`${where}: ${name} has a NUL in it`);
}

/** Checks a switch; absent is one as well. Errors: CHECKPOINT_INPUT_INVALID. */
export function checkSwitch(where: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw refuseInput(`${where}: ${name} must be true or false, and it is ${describeType(value)}`);
}

/** Checks a time in milliseconds; absent is one as well. Errors: CHECKPOINT_INPUT_INVALID. */
export function checkDuration(where: string, name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return;
  const found = typeof value === 'number' ? String(value) : describeType(value);
  throw refuseInput(`${where}: ${name} must be a number of milliseconds from 0, and it is ${found}`);
}

/** The error of a mistake in what was given. */
export function refuseInput(message: string, details: Readonly<Record<string, unknown>> = {}): RecoveryError {
  return new RecoveryError('CHECKPOINT_INPUT_INVALID', message, { details });
}
