import type { JobError } from '../../../core/job/schema.ts';
import { findRepeatedName, type JsonMember, splitMembers } from '../../split-members.ts';
import type { ReadLine } from './make-line-reader.ts';
import {
  beginsObject,
  findContradiction,
  isAmbiguous,
  isAmbiguousError,
  parseError,
  parseObject,
  readReceipts,
  readWritten,
  stripMark,
} from './parse-output-line.ts';

/** What every answer has: the row's id, and whatever else it repeats of the request. */
export type AnswerHead = {
  readonly id: number;
  readonly key?: unknown;
  readonly idempotencyKey?: unknown;
  readonly receipt?: string;
  /** A second receipt in the same answer that is not the first. */
  readonly conflict?: string;
  readonly ambiguous: boolean;
};

/**
 * What a line of a worker says. `news` is a receipt, or a word that the effect may have happened, before the outcome;
 * `broken` is an answer that cannot be understood; `text` is no answer.
 */
export type Answer =
  | ({ readonly type: 'news' } & AnswerHead)
  | ({
      readonly type: 'ok';
      readonly badReceipt: boolean;
      readonly resultJson?: string;
      readonly doubt?: JobError;
    } & AnswerHead)
  | ({ readonly type: 'not_ok'; readonly error: JobError } & AnswerHead)
  | { readonly type: 'broken'; readonly why: string }
  | { readonly type: 'text' };

/** What a worker says of a row. */
export type Said = Exclude<Answer, { readonly type: 'text' | 'broken' }>;

/**
 * Reads a line of the worker protocol.
 *
 * Shapes: `{"id","receipt"}`, `{"id","ok":true,"result"}`, `{"id","ok":false,"error":{"code","message"},"ambiguous"}`;
 *         the last two may carry a receipt as well. `resultJson` is the result as it is written, `doubt` what a yes says
 *         against itself. One that says a thing twice is a no that may be a yes.
 * Errors: none; a line that begins like an object must be a whole one, and one that speaks of an outcome an answer.
 * Source: contract, job files (worker protocol); decisions/0020.
 */
export function parseAnswer(line: ReadLine): Answer {
  const text = stripMark(line.text);
  if (!beginsObject(text)) return { type: 'text' };
  if (line.cutBytes > 0) return { type: 'broken', why: `an answer is ${line.cutBytes} bytes longer than is read` };
  if (!line.isExact) return { type: 'broken', why: 'an answer is not UTF-8' };
  const object = parseObject(text);
  if (!object) return { type: 'broken', why: 'an answer is no JSON' };
  return isAnswer(object) ? readAnswer(text, object) : { type: 'text' };
}

type Members = Readonly<Record<string, unknown>>;

/** A log line may be JSON as well: an answer speaks of an outcome. */
function isAnswer(object: Members): boolean {
  const has = (name: string) => Object.hasOwn(object, name);
  return has('ok') || has('receipt') || has('ambiguous') || (typeof object['id'] === 'number' && has('error'));
}

const READ: ReadonlySet<string> = new Set(['ok', 'error', 'result', 'ambiguous']);
const NAMES_OF_ROW: ReadonlySet<string> = new Set(['id', 'key', 'idempotency_key']);

function readAnswer(text: string, object: Members): Answer {
  const { id, ok } = object;
  const members = splitMembers(text);
  const repeatedId = findRepeatedName(members, NAMES_OF_ROW);
  if (repeatedId !== undefined) return { type: 'broken', why: `an answer has "${repeatedId}" twice` };
  if (typeof id !== 'number') return { type: 'broken', why: 'an answer has no number as id' };
  const head = readHead(text, members, object);
  const badReceipt = head.receipt === undefined && isPresent(object['receipt']);
  const isBlank = typeof object['receipt'] === 'string';
  const repeated = findContradiction(text, members, READ);
  if (repeated !== undefined) {
    const error = {
      code: 'OUTPUT_UNREAD',
      message: `its answer has "${repeated}" twice: ${text.slice(0, SHOWN_LENGTH)}`,
    };
    return { type: 'not_ok', id, ...head, ambiguous: true, error };
  }
  if (ok === true) return { type: 'ok', id, ...head, badReceipt, ...readResult(text, members), ...readDoubt(object) };
  if (ok === false) {
    const ambiguous = head.ambiguous || isAmbiguousError(object['error']) || (badReceipt && !isBlank);
    return { type: 'not_ok', id, ...head, ambiguous, error: readError(object['error']) };
  }
  if (ok !== undefined) return { type: 'broken', why: "an answer's ok is neither true nor false" };
  if (head.receipt !== undefined || head.ambiguous) return { type: 'news', id, ...head };
  if (isBlank) return { type: 'text' };
  return { type: 'broken', why: 'an answer has neither ok nor a receipt that is text or a number' };
}

/** So much of an answer is told that contradicts itself. */
const SHOWN_LENGTH = 300;

function readHead(text: string, members: readonly JsonMember[], object: Members): Omit<AnswerHead, 'id'> {
  const receipts = readReceipts(text, members, 'receipt');
  const [receipt] = receipts;
  const conflict = receipts.find((other) => other !== receipt);
  return {
    ambiguous: isAmbiguous(object['ambiguous']),
    ...(isPresent(object['key']) && { key: object['key'] }),
    ...(isPresent(object['idempotency_key']) && { idempotencyKey: object['idempotency_key'] }),
    ...(receipt !== undefined && { receipt }),
    ...(conflict !== undefined && { conflict }),
  };
}

/** A yes together with an error, or with a word that it may be none. */
function readDoubt(object: Members): { readonly doubt?: JobError } {
  const error = parseError(object['error']);
  const saysWhy = error !== undefined && (error.code ?? error.message ?? '') !== '';
  if (saysWhy) return { doubt: readError(object['error']) };
  if (!isAmbiguous(object['ambiguous'])) return {};
  return { doubt: { code: 'WORKER_ERROR', message: 'its worker said yes, and that it is not sure' } };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readResult(line: string, members: readonly JsonMember[]): { readonly resultJson?: string } {
  const resultJson = readWritten(line, members, 'result');
  return resultJson === undefined || resultJson === 'null' ? {} : { resultJson };
}

function readError(value: unknown): JobError {
  const error = parseError(value);
  return { code: error?.code ?? 'WORKER_ERROR', message: error?.message ?? 'the worker gave no reason' };
}
