import type { UnitOutcome } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import type { Answer } from './parse-answer.ts';

/** What a worker said of a row before its outcome. */
export type Heard = {
  receipt: string | undefined;
  /** A second receipt that is not the first. */
  conflict: string | undefined;
  /** The key of another row that the same receipt was given for. */
  sharedWith: string | undefined;
  ambiguous: boolean;
  /** Its time has run out; it is told so when the worker is gone. */
  late: JobError | undefined;
};

/**
 * Decides how a row came out, from the worker's answer and what it had said of the row before.
 *
 * Only a plain no without receipt and ambiguity is `failed`. A yes that comes with an error is `done` when it has a receipt. A receipt that contradicts another one, or that was given
 * for another row as well, proves nothing.
 * Errors: none.
 * Source: contract, job files (worker protocol); design, rule 6.
 */
export function judgeAnswer(heard: Heard, answer: Extract<Answer, { readonly type: 'ok' | 'not_ok' }>): UnitOutcome {
  const receipt = heard.receipt === undefined ? {} : { receipt: heard.receipt };
  const unknown = (code: string, message: string): UnitOutcome => ({
    type: 'unknown',
    error: { code, message },
    ...receipt,
  });
  if (heard.conflict !== undefined) {
    return unknown('RECEIPT_CONFLICT', `it gave two receipts: ${heard.receipt} and ${heard.conflict}`);
  }
  if (heard.sharedWith !== undefined) {
    return unknown('RECEIPT_SHARED', `its receipt ${heard.receipt} was given for row ${heard.sharedWith} as well`);
  }
  if (answer.type === 'ok') {
    if (answer.badReceipt && heard.receipt === undefined) {
      return unknown('RECEIPT_INVALID', 'its receipt is neither text nor a number');
    }
    if (answer.doubt && heard.receipt === undefined) return { type: 'unknown', error: answer.doubt };
    return { type: 'done', ...receipt, ...(answer.resultJson !== undefined && { resultJson: answer.resultJson }) };
  }
  const { error } = answer;
  return heard.ambiguous || heard.receipt !== undefined
    ? { type: 'unknown', error, ...receipt }
    : { type: 'failed', error };
}

/** What a row is told that a worker had in hand when it went: its outcome is unknown. Errors: none. */
export function judgeAbandoned(heard: Heard, error: JobError): UnitOutcome {
  return {
    type: 'unknown',
    error: heard.late ?? error,
    ...(heard.receipt !== undefined && { receipt: heard.receipt }),
  };
}
