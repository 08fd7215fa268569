import type { JobError } from '../../../core/job/schema.ts';
import { splitMembers } from '../../rows/split-members.ts';

/** What a line of a command's output says. `text` is a line for people. */
export type OutputLine =
  | { readonly type: 'receipt'; readonly receipt: string }
  | { readonly type: 'error'; readonly error: Partial<JobError>; readonly ambiguous: boolean }
  | { readonly type: 'text' };

/**
 * Reads a line of a command's output: a JSON object with the receipt's field, or with `error`.
 *
 * Shapes: `receiptField` undefined when the job declares no receipt; a receipt that is a number keeps its digits; an
 *         empty receipt is none.
 * Errors: none; anything else is text.
 * Source: contract, job files (receipt).
 */
export function parseOutputLine(line: string, receiptField: string | undefined): OutputLine {
  const object = parseObject(line);
  if (object === undefined) return { type: 'text' };
  const receipt = receiptField === undefined ? undefined : readReceipt(line, object, receiptField);
  if (receipt !== undefined) return { type: 'receipt', receipt };
  const error = parseError(object['error']);
  // Anything but a plain no counts as a yes: a wrong guess here would repeat an effect.
  return error ? { type: 'error', error, ambiguous: isAmbiguous(object['ambiguous']) } : { type: 'text' };
}

/** The object a line of JSON stands for, or undefined. Errors: none. */
export function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** A receipt in an object, as text with every digit; undefined when there is none. Errors: none. */
export function readReceipt(
  line: string,
  object: Readonly<Record<string, unknown>>,
  field: string,
): string | undefined {
  const value = Object.hasOwn(object, field) ? object[field] : undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  return typeof value === 'number' ? readWritten(line, field) : undefined;
}

/** The text of a member's value as it is written in a line of JSON; undefined when there is none. Errors: none. */
export function readWritten(line: string, field: string): string | undefined {
  const member = splitMembers(line).findLast(({ name }) => name === field);
  return member && line.slice(member.start, member.end);
}

/** An error as a command or worker words it: an object with code and message, or a text. Errors: none. */
export function parseError(value: unknown): Partial<JobError> | undefined {
  if (typeof value === 'string') return value === '' ? {} : { message: value };
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message } = value as { readonly code?: unknown; readonly message?: unknown };
  return {
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}

/** Whether `ambiguous` says that the effect may have happened. Errors: none. */
export function isAmbiguous(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}
