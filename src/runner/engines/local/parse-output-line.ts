import type { JobError } from '../../../core/job/schema.ts';
import { findRepeatedName, type JsonMember, splitMembers } from '../../split-members.ts';
import type { ReadLine } from './make-line-reader.ts';

/**
 * What a line of a command's output says. `text` is a line for people; `unread` is one that may have said more than
 * could be read of it, also beside what it `said`. `conflict` is a second receipt that is not the first, and
 * `isReceiptLost` says that a receipt may have been what could not be read.
 */
export type OutputLine =
  | {
      readonly type: 'said';
      readonly receipt?: string;
      readonly conflict?: string;
      readonly error?: Partial<JobError>;
      readonly ambiguous: boolean;
      readonly unread?: string;
    }
  | { readonly type: 'unread'; readonly why: string; readonly isReceiptLost: boolean }
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
  const unread = (why: string): OutputLine => ({ type: 'unread', why, isReceiptLost: names(line.text, receiptField) });
  if (cutBytes > 0) return unread(`${cutBytes} bytes of a long line were left out`);
  const text = stripMark(line.text);
  if (!isExact && /[{\0]/.test(text)) return unread('a line is not UTF-8');
  const object = parseObject(text);
  if (object === undefined) return isDamaged(text, receiptField) ? unread(NO_JSON) : { type: 'text' };
  const members = splitMembers(text);
  const receipts = receiptField === undefined ? [] : readReceipts(text, members, receiptField);
  const [receipt] = receipts;
  const conflict = receipts.find((other) => other !== receipt);
  const error = parseError(object['error']);
  const repeated = findContradiction(text, members, READ_OF_COMMANDS);
  // Anything but a plain no counts as a yes: a wrong guess here would repeat an effect.
  const ambiguous = isAmbiguous(object['ambiguous']) || isAmbiguousError(object['error']) || repeated !== undefined;
  if (receipt !== undefined || error || ambiguous) {
    return {
      type: 'said',
      ambiguous,
      ...(receipt !== undefined && { receipt }),
      ...(conflict !== undefined && { conflict }),
      ...(error && { error }),
      ...(repeated !== undefined && { unread: `"${repeated}" stands twice in one object` }),
    };
  }
  return isBadReceipt(object, receiptField) ? unread('a receipt is neither text nor a number') : { type: 'text' };
}

const NO_JSON = 'a line begins like an object or names the receipt, and is no JSON';
const READ_OF_COMMANDS: ReadonlySet<string> = new Set(['error', 'ambiguous']);
const READ_OF_ERRORS: ReadonlySet<string> = new Set(['code', 'message', 'ambiguous']);

/** Whether a text has the name of the receipt in it, as it is written in JSON. */
function names(text: string, receiptField: string | undefined): boolean {
  return receiptField !== undefined && text.includes(`"${receiptField}"`);
}

/**
 * The first name that has two values where one of them decides: of an object of which these names are read, or of the
 * error in it. Errors: none. Source: decisions/0020.
 */
export function findContradiction(
  text: string,
  members: readonly JsonMember[],
  read: ReadonlySet<string>,
): string | undefined {
  const repeated = findRepeatedName(members, read);
  if (repeated !== undefined) return repeated;
  const error = members.find(({ name }) => name === 'error');
  if (!error || text[error.start] !== '{') return undefined;
  const within = findRepeatedName(splitMembers(text.slice(error.start, error.end)), READ_OF_ERRORS);
  return within === undefined ? undefined : `error.${within}`;
}

/** A line that is no object of its own, but may have been meant as one. */
function isDamaged(text: string, receiptField: string | undefined): boolean {
  return beginsObject(text) || names(text, receiptField);
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

/** All receipts that stand under a name, as text with every digit; none of those that are blank. Errors: none. */
export function readReceipts(line: string, members: readonly JsonMember[], field: string): readonly string[] {
  return members.flatMap(({ name, start, end }) => {
    if (name !== field) return [];
    const written = line.slice(start, end);
    if (!written.startsWith('"')) return /^[-\d]/.test(written) ? [written] : [];
    const text = written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1);
    return text.trim() === '' ? [] : [text];
  });
}

/** The text of a member's value as it is written in a line of JSON; undefined when there is none. Errors: none. */
export function readWritten(line: string, members: readonly JsonMember[], field: string): string | undefined {
  const member = members.findLast(({ name }) => name === field);
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

/** Whether an error says by itself that the effect may have happened, or has a receipt in it. Errors: none. */
export function isAmbiguousError(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { ambiguous, receipt } = value as { readonly ambiguous?: unknown; readonly receipt?: unknown };
  return isAmbiguous(ambiguous) || (receipt !== undefined && receipt !== null && receipt !== '');
}
