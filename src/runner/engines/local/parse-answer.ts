import type { JobError } from '../../../core/job/schema.ts';
import type { ReadLine } from './make-line-reader.ts';
import {
  beginsObject,
  isAmbiguous,
  parseError,
  parseObject,
  readReceipt,
  readWritten,
  stripMark,
} from './parse-output-line.ts';

/** What every answer has: the row's id, and whatever else it repeats of the request. */
export type AnswerHead = {
  readonly id: number;
  readonly key?: unknown;
  readonly idempotencyKey?: unknown;
  readonly receipt?: string;
  readonly ambiguous: boolean;
};

/**
 * What a line of a worker says. `news` is a receipt, or a word that the effect may have happened, before the outcome;
 * `broken` is an answer that cannot be understood; `text` is no answer.
 */
export type Answer =
  | ({ readonly type: 'news' } & AnswerHead)
  | ({ readonly type: 'ok'; readonly badReceipt: boolean; readonly resultJson?: string } & AnswerHead)
  | ({ readonly type: 'not_ok'; readonly error: JobError } & AnswerHead)
  | { readonly type: 'broken'; readonly why: string }
  | { readonly type: 'text' };

/** What a worker says of a row. */
export type Said = Exclude<Answer, { readonly type: 'text' | 'broken' }>;

/**
 * Reads a line of the worker protocol.
 *
 * Shapes: `{"id","receipt"}`, `{"id","ok":true,"result"}`, `{"id","ok":false,"error":{"code","message"},"ambiguous"}`;
 *         the last two may carry a receipt as well. `resultJson` is the result as it is written.
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

function readAnswer(text: string, object: Members): Answer {
  const { id, ok } = object;
  if (typeof id !== 'number') return { type: 'broken', why: 'an answer has no number as id' };
  const receipt = readReceipt(text, object, 'receipt');
  const badReceipt = receipt === undefined && isPresent(object['receipt']);
  const isBlank = typeof object['receipt'] === 'string';
  const head = {
    id,
    ambiguous: isAmbiguous(object['ambiguous']),
    ...(isPresent(object['key']) && { key: object['key'] }),
    ...(isPresent(object['idempotency_key']) && { idempotencyKey: object['idempotency_key'] }),
    ...(receipt !== undefined && { receipt }),
  };
  if (ok === true) return { type: 'ok', ...head, badReceipt, ...readResult(text, object) };
  if (ok === false) {
    return {
      type: 'not_ok',
      ...head,
      ambiguous: head.ambiguous || (badReceipt && !isBlank),
      error: readError(object['error']),
    };
  }
  if (ok !== undefined) return { type: 'broken', why: "an answer's ok is neither true nor false" };
  if (receipt !== undefined || head.ambiguous) return { type: 'news', ...head };
  if (isBlank) return { type: 'text' };
  return { type: 'broken', why: 'an answer has neither ok nor a receipt that is text or a number' };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readResult(line: string, object: Members): { readonly resultJson?: string } {
  if (!isPresent(object['result'])) return {};
  const resultJson = readWritten(line, 'result');
  return resultJson === undefined ? {} : { resultJson };
}

function readError(value: unknown): JobError {
  const error = parseError(value);
  return { code: error?.code ?? 'WORKER_ERROR', message: error?.message ?? 'the worker gave no reason' };
}
