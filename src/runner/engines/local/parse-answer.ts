import type { JobError } from '../../../core/job/schema.ts';
import { isAmbiguous, parseError, parseObject, readReceipt, readWritten } from './parse-output-line.ts';

/** What a line of a worker says about the row with that id. `text` is no answer; `why` is absent for plain text. */
export type Answer =
  | { readonly type: 'receipt'; readonly id: number; readonly receipt: string }
  | {
      readonly type: 'ok';
      readonly id: number;
      readonly receipt?: string;
      readonly badReceipt: boolean;
      readonly resultJson?: string;
    }
  | {
      readonly type: 'not_ok';
      readonly id: number;
      readonly receipt?: string;
      readonly error: JobError;
      readonly ambiguous: boolean;
    }
  | { readonly type: 'text'; readonly why?: string };

/**
 * Reads a line of the worker protocol.
 *
 * Shapes: `{"id","receipt"}`, `{"id","ok":true,"result"}`, `{"id","ok":false,"error":{"code","message"},"ambiguous"}`;
 *         the last two may carry a receipt as well. `resultJson` is the result as it is written.
 * Errors: none; a line that breaks the protocol is text with a reason.
 * Source: contract, job files (worker protocol).
 */
export function parseAnswer(line: string): Answer {
  const object = parseObject(line);
  if (!object) return { type: 'text' };
  const { id, ok } = object;
  if (typeof id !== 'number') return { type: 'text', why: 'it has no number as id' };
  const found = readReceipt(line, object, 'receipt');
  const receipt = found === undefined ? {} : { receipt: found };
  if (ok === true) {
    const badReceipt = found === undefined && object['receipt'] !== undefined && object['receipt'] !== null;
    return { type: 'ok', id, ...receipt, badReceipt, ...readResult(line, object) };
  }
  if (ok === false) {
    return {
      type: 'not_ok',
      id,
      ...receipt,
      error: readError(object['error']),
      ambiguous: isAmbiguous(object['ambiguous']),
    };
  }
  if (ok !== undefined) return { type: 'text', why: 'its ok is neither true nor false' };
  return found === undefined
    ? { type: 'text', why: 'it has neither ok nor a receipt' }
    : { type: 'receipt', id, receipt: found };
}

function readResult(line: string, object: Readonly<Record<string, unknown>>): { readonly resultJson?: string } {
  if (object['result'] === undefined || object['result'] === null) return {};
  const resultJson = readWritten(line, 'result');
  return resultJson === undefined ? {} : { resultJson };
}

function readError(value: unknown): JobError {
  const error = parseError(value);
  return { code: error?.code ?? 'WORKER_ERROR', message: error?.message ?? 'the worker gave no reason' };
}
