import type { TakenBack, UnitWork } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import type { Said } from './parse-answer.ts';

/** Of so many rows that failed it is remembered that they did, while their worker lives. */
const REFUSED_LIMIT = 10_000;

/** A row that counts as failed, and why. */
export type RefusedRow = { readonly work: UnitWork; readonly error: JobError };

/** The rows that a worker said no of, by the id each was sent with. */
export type Refused = {
  readonly keep: (id: number, row: RefusedRow) => void;
  /** Told that a row is sent once more: what becomes of it is told by the new answer. */
  readonly tryAgain: (work: UnitWork) => void;
  /** Whether an answer takes back what was believed of its row; then it was told so. */
  readonly takeBack: (answer: Said) => boolean;
  /** Takes back every no, since the worker is ended and can take none of them back itself any more. */
  readonly withdraw: (why: string) => void;
};

/**
 * Remembers which rows failed: a yes or a receipt that comes later takes that back, and so does a worker that turns out
 * not to be one to believe.
 *
 * Errors: none.
 * Source: design, rule 6; decisions/0020.
 */
export function makeRefused(onTakenBack: TakenBack | undefined): Refused {
  const rows = new Map<number, RefusedRow>();
  /** The newest no of each row that was not tried again since, by the row's number. */
  const open = new Map<number, RefusedRow>();
  return {
    keep(id, row) {
      rows.set(id, row);
      open.set(row.work.number, row);
      const oldest = rows.size > REFUSED_LIMIT ? rows.entries().next().value : undefined;
      if (!oldest) return;
      const [oldestId, { work }] = oldest;
      rows.delete(oldestId);
      if (open.get(work.number) === oldest[1]) open.delete(work.number);
    },
    tryAgain: ({ number }) => void open.delete(number),
    takeBack(answer) {
      const work = rows.get(answer.id)?.work;
      const { receipt } = answer;
      if (!work || !isFor(work, answer) || isPlainNo(answer)) return false;
      open.delete(work.number);
      const said = receipt === undefined ? 'something else' : `receipt ${receipt}`;
      const error = { code: 'WORKER_PROTOCOL', message: `its worker said no, and ${said} later` };
      onTakenBack?.(work, { error, ...(receipt !== undefined && { receipt }) });
      return true;
    },
    withdraw(why) {
      for (const { work, error } of open.values()) {
        const message = `${error.code}: ${error.message}; its worker said so, and broke the protocol later: ${why}`;
        onTakenBack?.(work, { error: { code: 'WORKER_PROTOCOL', message } });
      }
      open.clear();
    },
  };
}

/** Whether an answer says no and nothing beside it. Errors: none. */
export function isPlainNo(answer: Said): boolean {
  return answer.type === 'not_ok' && answer.receipt === undefined && !answer.ambiguous;
}

/** Whether what an answer repeats of the row (key, idempotency key) is the row's. Errors: none. */
export function isFor(work: UnitWork, answer: Pick<Said, 'key' | 'idempotencyKey'>): boolean {
  const fits = (said: unknown, own: string) => said === undefined || String(said) === own;
  return fits(answer.key, work.key) && fits(answer.idempotencyKey, work.idempotencyKey);
}
