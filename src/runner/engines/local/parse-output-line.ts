import type { JobError } from '../../../core/job/schema.ts';
import { splitMembers } from '../../rows/split-members.ts';
import type { ReadLine } from './make-line-reader.ts';

/**
 * What a line of a command's output says. `text` is a line for people; `unread` is one that may have said more than
 * could be read of it.
 */
export type OutputLine =
  | {
      readonly type: 'said';
      readonly receipt?: string;
      readonly error?: Partial<JobError>;
      readonly ambiguous: boolean;
    }
  | { readonly type: 'unread'; readonly why: string }
  | { readonly type: 'text' };

/** Some tools begin their output, or each part of it, with it. */
const BYTE_ORDER_MARK = /^\ufeff+/;
/** How an object begins, also one whose bytes are not what they should be. */
const OBJECT_BEGINS = /^[\s\0\ufeff\ufffd]*\{/;

/**
 * Reads a line of a command's output: a JSON object with the receipt's field, with `error`, or with `ambiguous`.
 *
 * Shapes: `receiptField` undefined when the job declares no receipt; a receipt that is a number keeps its digits; an
 *         empty receipt is none.
 * Errors: none; what could be an object that was damaged on its way is `unread`, anything else is text.
 * Source: contract, job files (receipt); decisions/0020.
 */
export function parseOutputLine(line: ReadLine, receiptField: string | undefined): OutputLine {
  const { cutBytes, isExact } = line;
  if (cutBytes > 0) return { type: 'unread', why: `${cutBytes} bytes of a long line were left out` };
  const text = stripMark(line.text);
  if (!isExact && /[{\0]/.test(text)) return { type: 'unread', why: 'a line is not UTF-8' };
  const object = parseObject(text);
  if (object === undefined) return isDamaged(text, receiptField) ? UNREAD_JSON : { type: 'text' };
  const receipt = receiptField === undefined ? undefined : readReceipt(text, object, receiptField);
  const error = parseError(object['error']);
  // Anything but a plain no counts as a yes: a wrong guess here would repeat an effect.
  const ambiguous = isAmbiguous(object['ambiguous']);
  if (receipt !== undefined || error || ambiguous) {
    return { type: 'said', ambiguous, ...(receipt !== undefined && { receipt }), ...(error && { error }) };
  }
  return isBadReceipt(object, receiptField)
    ? { type: 'unread', why: 'a receipt is neither text nor a number' }
    : { type: 'text' };
}

const UNREAD_JSON = {
  type: 'unread',
  why: 'a line begins like an object or names the receipt, and is no JSON',
} as const;

/** A line that is no object of its own, but may have been meant as one. */
function isDamaged(text: string, receiptField: string | undefined): boolean {
  return beginsObject(text) || (receiptField !== undefined && text.includes(`"${receiptField}"`));
}

/** Whether a receipt's field holds something that is no receipt, and not nothing either. */
function isBadReceipt(object: Readonly<Record<string, unknown>>, field: string | undefined): boolean {
  const value = field !== undefined && Object.hasOwn(object, field) ? object[field] : undefined;
  return value !== undefined && value !== null && typeof value !== 'string';
}

/** Whether a line begins as an object does. Errors: none. */
export function beginsObject(text: string): boolean {
  return OBJECT_BEGINS.test(text);
}

/** A line without the byte order mark before it. Errors: none. */
export function stripMark(text: string): string {
  return text.startsWith('\ufeff') ? text.replace(BYTE_ORDER_MARK, '') : text;
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
  if (value === undefined || value === null || value === false) return undefined;
  if (typeof value === 'string') return value === '' ? {} : { message: value };
  if (typeof value !== 'object') return {};
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
