/**
 * The rows a worker has in hand, by id: added -> (receipt) -> answered or abandoned. An answer is taken once; whatever
 * does not fit is told and changes nothing.
 */
import type { UnitOutcome, UnitWork } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import { type Answer, parseAnswer } from './parse-answer.ts';

/** How a row came out of a worker; undefined when it was never sent to it. */
export type WorkerOutcome = UnitOutcome | undefined;

type Entry = {
  readonly work: UnitWork;
  readonly onReceipt: (receipt: string) => Promise<void>;
  readonly resolve: (outcome: WorkerOutcome) => void;
  readonly reject: (reason: unknown) => void;
  readonly timer: NodeJS.Timeout | undefined;
  receipt: string | undefined;
  conflict: string | undefined;
  /** Its time has run out; it is told so when the worker is gone. */
  late: JobError | undefined;
  receiptKept: Promise<void> | undefined;
};

/** See `makeLedger`. */
export type Ledger = {
  readonly add: (
    work: UnitWork,
    onReceipt: Entry['onReceipt'],
  ) => { readonly id: number; readonly outcome: Promise<WorkerOutcome> };
  /** Takes a line the worker printed. */
  readonly take: (line: string) => void;
  /** Takes back a row that was not sent. */
  readonly takeBack: (id: number) => void;
  /** The worker is gone: `failed` only when it proved that it did nothing. */
  readonly abandon: (error: JobError, type: 'unknown' | 'failed') => void;
  readonly size: () => number;
  readonly answeredCount: () => number;
};

/** What a ledger is made with. `onTimeout` is told when a row's time has run out; it ends the worker. */
export type LedgerOptions = {
  readonly timeoutMs?: number;
  readonly onTimeout: () => void;
  readonly onText: (line: string, why: string | undefined) => void;
};

/**
 * Makes an empty ledger.
 *
 * Units:  `timeoutMs` milliseconds from sending to answer.
 * Errors: an outcome rejects with what its `onReceipt` rejects with.
 * Source: contract, job files (worker protocol); design, rule 6.
 */
export function makeLedger({ timeoutMs, onTimeout, onText }: LedgerOptions): Ledger {
  const entries = new Map<number, Entry>();
  let lastId = 0;
  let answeredCount = 0;

  const settle = (id: number, entry: Entry, outcome: WorkerOutcome) => {
    entries.delete(id);
    clearTimeout(entry.timer);
    if (!entry.receiptKept) return entry.resolve(outcome);
    entry.receiptKept.then(() => entry.resolve(outcome), entry.reject);
  };
  const expire = (id: number, durationMs: number) => {
    const entry = entries.get(id);
    if (!entry) return;
    entry.late = { code: 'timeout', message: `the worker did not answer within ${durationMs} ms` };
    onTimeout();
  };

  return {
    add(work, onReceipt) {
      lastId += 1;
      const id = lastId;
      const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs, id, timeoutMs);
      const outcome = new Promise<WorkerOutcome>((resolve, reject) => {
        const nothing = { receipt: undefined, conflict: undefined, late: undefined, receiptKept: undefined };
        entries.set(id, { work, onReceipt, resolve, reject, timer, ...nothing });
      });
      return { id, outcome };
    },
    take(line) {
      const answer = parseAnswer(line);
      if (answer.type === 'text') return onText(line, answer.why);
      const entry = entries.get(answer.id);
      if (!entry) return onText(line, `no row with id ${answer.id} is under way`);
      // A receipt that comes with the outcome is recorded with it: one commit, and neither is known before.
      if (answer.type === 'ok' && entry.receipt === undefined) entry.receipt = answer.receipt;
      else if (answer.receipt !== undefined) keepReceipt(entry, answer.receipt);
      if (answer.type === 'receipt') return;
      answeredCount += 1;
      settle(answer.id, entry, judgeAnswer(entry, answer));
    },
    takeBack(id) {
      const entry = entries.get(id);
      if (entry) settle(id, entry, undefined);
    },
    abandon(error, type) {
      for (const [id, entry] of entries) {
        settle(id, entry, type === 'failed' ? { type, error } : judgeAbandoned(entry, error));
      }
    },
    size: () => entries.size,
    answeredCount: () => answeredCount,
  };
}

/** The first receipt is passed on at once; another one later is a contradiction, not a correction. */
function keepReceipt(entry: Entry, receipt: string): void {
  if (entry.receipt !== undefined) {
    if (entry.receipt !== receipt) entry.conflict = receipt;
    return;
  }
  entry.receipt = receipt;
  entry.receiptKept = entry.onReceipt(receipt);
  // Looked at when the row is answered; until then a rejection is not lost, only waiting.
  entry.receiptKept.catch(() => {});
}

function judgeAnswer(entry: Entry, answer: Extract<Answer, { readonly type: 'ok' | 'not_ok' }>): UnitOutcome {
  const receipt = entry.receipt === undefined ? {} : { receipt: entry.receipt };
  if (entry.conflict !== undefined) {
    const message = `it gave two receipts: ${entry.receipt} and ${entry.conflict}`;
    return { type: 'unknown', error: { code: 'RECEIPT_CONFLICT', message }, ...receipt };
  }
  if (answer.type === 'ok') {
    if (answer.badReceipt && entry.receipt === undefined) {
      return {
        type: 'unknown',
        error: { code: 'RECEIPT_INVALID', message: 'its receipt is neither text nor a number' },
      };
    }
    return { type: 'done', ...receipt, ...(answer.resultJson !== undefined && { resultJson: answer.resultJson }) };
  }
  const { error } = answer;
  return answer.ambiguous || entry.receipt !== undefined
    ? { type: 'unknown', error, ...receipt }
    : { type: 'failed', error };
}

function judgeAbandoned(entry: Entry, error: JobError): UnitOutcome {
  return {
    type: 'unknown',
    error: entry.late ?? error,
    ...(entry.receipt !== undefined && { receipt: entry.receipt }),
  };
}
