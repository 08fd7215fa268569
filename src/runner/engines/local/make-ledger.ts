/**
 * The rows a worker has in hand, by id: added -> (receipt) -> answered or abandoned. An answer is taken once; one that
 * fits no row in hand breaks the protocol, and from then on nothing the worker says is believed. A no is believed only
 * when nothing else was said of the row in what had been written by then: a row that failed may be tried again.
 *
 * Ids are drawn at random, so that only who has read a row can answer it.
 */
import { randomInt } from 'node:crypto';
import type { TakenBack, UnitOutcome, UnitWork } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import { type Heard, judgeAbandoned, judgeAnswer } from './judge-answer.ts';
import type { ReadLine } from './make-line-reader.ts';
import { isFor, isPlainNo, makeRefused, type Refused } from './make-refused.ts';
import { type Answer, parseAnswer, type Said } from './parse-answer.ts';

/** How a row came out of a worker; undefined when it was never sent to it. */
export type WorkerOutcome = UnitOutcome | undefined;

type Entry = Heard & {
  readonly work: UnitWork;
  readonly onReceipt: (receipt: string) => Promise<void>;
  readonly resolve: (outcome: WorkerOutcome) => void;
  readonly reject: (reason: unknown) => void;
  readonly timer: NodeJS.Timeout | undefined;
  receiptKept: Promise<void> | undefined;
  /** The no that it was answered with, which is not believed yet. */
  refusal: Refusal | undefined;
};

type Refusal = Extract<Answer, { readonly type: 'not_ok' }>;

/** See `makeLedger`. */
export type Ledger = {
  readonly add: (
    work: UnitWork,
    onReceipt: Entry['onReceipt'],
  ) => { readonly id: number; readonly outcome: Promise<WorkerOutcome> };
  /** Takes a line the worker printed. */
  readonly take: (line: ReadLine) => void;
  /** Takes back a row that was not sent. */
  readonly takeBack: (id: number) => void;
  /** A row was not sent, for this reason. */
  readonly refuse: (id: number, reason: unknown) => void;
  /** The worker is gone: `failed` only when it proved that it did nothing. */
  readonly abandon: (error: JobError, type: 'unknown' | 'failed') => void;
  readonly answeredCount: () => number;
};

/**
 * What a ledger is made with. `onTimeout` is told when a row's time has run out, `onBroken` once, when the protocol is
 * broken; both end the worker. `afterRead` calls back when what the worker has written by now was taken.
 */
export type LedgerOptions = {
  readonly timeoutMs?: number;
  readonly onTimeout: () => void;
  readonly onBroken: (why: string) => void;
  readonly onText: (line: ReadLine, why?: string) => void;
  readonly afterRead: (then: () => void) => void;
  /** Told of a row whose no was believed and of which something else is said later. */
  readonly onTakenBack?: TakenBack;
};

/** Ids are drawn from below this: any reader of JSON holds them exactly. */
const ID_END = 2 ** 31;
/** Of so many receipts it is remembered whose they are; rows that are in hand together are far fewer. */
const RECEIPT_LIMIT = 10_000;

/**
 * Makes an empty ledger.
 *
 * Units:  `timeoutMs` milliseconds from sending to answer.
 * Errors: an outcome rejects with what its `onReceipt` rejects with.
 * Source: contract, job files (worker protocol); design, rule 6; decisions/0020.
 */
export function makeLedger({ timeoutMs, onTimeout, onBroken, onText, afterRead, ...rest }: LedgerOptions): Ledger {
  const entries = new Map<number, Entry>();
  const receipts = makeReceiptOwners(entries);
  const refused = makeRefused(rest.onTakenBack);
  let answeredCount = 0;
  let isBroken = false;

  const settle = (id: number, entry: Entry, outcome: WorkerOutcome) => {
    entries.delete(id);
    resolveEntry(entry, outcome);
  };
  const settleAnswered = (id: number, entry: Entry, answer: Parameters<typeof judgeAnswer>[1]) => {
    answeredCount += 1;
    const outcome = judgeAnswer(entry, answer);
    if (outcome.type === 'failed') refused.keep(id, { work: entry.work, error: outcome.error });
    settle(id, entry, outcome);
  };
  const expire = (id: number, durationMs: number) => markLate(entries.get(id), durationMs, onTimeout);
  const breakOff = (line: ReadLine, { why, takesBack }: Breach) => {
    isBroken = true;
    // It can take no other no back itself any more.
    if (takesBack) refused.withdraw(why);
    onText(line, why);
    onBroken(why);
  };
  const takeAnswer = (line: ReadLine, answer: Said) => {
    const { id } = answer;
    const entry = entries.get(id);
    if (entry && isFor(entry.work, answer)) hear(entry, answer, receipts);
    const breach = findBreach(answer, entry, refused);
    if (breach) return breakOff(line, breach);
    if (!entry || answer.type === 'news') return;
    if (answer.type === 'ok') return settleAnswered(id, entry, answer);
    entry.refusal = answer;
    clearTimeout(entry.timer);
    afterRead(() => {
      if (!isBroken && entries.get(id) === entry) settleAnswered(id, entry, answer);
    });
  };
  return {
    add(work, onReceipt) {
      const id = drawId(entries);
      refused.tryAgain(work);
      const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs, id, timeoutMs);
      const { promise: outcome, resolve, reject } = Promise.withResolvers<WorkerOutcome>();
      entries.set(id, { work, onReceipt, resolve, reject, timer, ...makeEntry() });
      return { id, outcome };
    },
    take(line) {
      const answer = parseAnswer(line);
      if (isBroken) hearDoubted(answer, refused);
      if (isBroken) return onText(line, 'the worker is not believed any more');
      if (answer.type === 'text') return onText(line);
      if (answer.type === 'broken') return breakOff(line, { why: answer.why, takesBack: true });
      takeAnswer(line, answer);
    },
    takeBack(id) {
      const entry = entries.get(id);
      if (entry) settle(id, entry, undefined);
    },
    refuse(id, reason) {
      entries.get(id)?.reject(reason);
      entries.delete(id);
    },
    abandon(error, type) {
      for (const [id, entry] of entries) {
        if (entry.refusal && !isBroken) settleAnswered(id, entry, entry.refusal);
        else settle(id, entry, type === 'failed' ? { type, error } : judgeAbandoned(entry, error));
      }
    },
    answeredCount: () => answeredCount,
  };
}

/** Tells how a row came out once its receipt is kept. */
function resolveEntry(entry: Entry, outcome: WorkerOutcome): void {
  clearTimeout(entry.timer);
  if (entry.receiptKept !== undefined) entry.receiptKept.then(() => entry.resolve(outcome), entry.reject);
  else entry.resolve(outcome);
}

/** Keeps what an answer says of a row besides how it came out. */
function hear(entry: Entry, answer: Said, receipts: ReturnType<typeof makeReceiptOwners>): void {
  if (answer.ambiguous) entry.ambiguous = true;
  if (answer.receipt === undefined) return;
  entry.sharedWith ??= receipts.claim(answer.id, answer.receipt);
  keepReceipt(entry, answer.receipt, answer.type === 'ok');
  if (answer.conflict !== undefined) keepReceipt(entry, answer.conflict, true);
}

/** What a worker that is not believed says of a row that it had refused is a reason the more not to try that again. */
function hearDoubted(answer: Answer, refused: Refused): void {
  if (answer.type !== 'text' && answer.type !== 'broken') refused.takeBack(answer);
}

/** What an answer does against the protocol, and whether it may take back any no: also of a row it does not name. */
type Breach = { readonly why: string; readonly takesBack: boolean };

function findBreach(answer: Said, entry: Entry | undefined, refused: Refused): Breach | undefined {
  const { id } = answer;
  if (!entry) {
    return refused.takeBack(answer)
      ? { why: `something else is said of id ${id}, which had failed`, takesBack: true }
      : { why: `an answer is for id ${id}, and no such row is in hand`, takesBack: false };
  }
  if (!isFor(entry.work, answer)) {
    return { why: `the answer for id ${id} names another row than number ${entry.work.number}`, takesBack: true };
  }
  return entry.refusal
    ? { why: `something is said of id ${id}, which had failed`, takesBack: !isPlainNo(answer) }
    : undefined;
}

function markLate(entry: Entry | undefined, durationMs: number, onTimeout: () => void): void {
  if (!entry) return;
  entry.late = { code: 'timeout', message: `the worker did not answer within ${durationMs} ms` };
  onTimeout();
}

function drawId(taken: ReadonlyMap<number, unknown>): number {
  let id = randomInt(1, ID_END);
  while (taken.has(id)) id = randomInt(1, ID_END);
  return id;
}

function makeEntry(): Heard & Pick<Entry, 'receiptKept' | 'refusal'> {
  return {
    receipt: undefined,
    conflict: undefined,
    sharedWith: undefined,
    ambiguous: false,
    late: undefined,
    receiptKept: undefined,
    refusal: undefined,
  };
}

/** Remembers which row a receipt was given for; a receipt of two rows proves neither. */
function makeReceiptOwners(entries: ReadonlyMap<number, Entry>) {
  const owners = new Map<string, { readonly id: number; readonly key: string }>();
  return {
    /** The key of the other row that has this receipt, when there is one; that row is told as well. */
    claim(id: number, receipt: string): string | undefined {
      const owner = owners.get(receipt);
      const key = entries.get(id)?.work.key ?? '';
      if (!owner) {
        owners.set(receipt, { id, key });
        const oldest = owners.size > RECEIPT_LIMIT ? owners.keys().next().value : undefined;
        if (oldest !== undefined) owners.delete(oldest);
        return undefined;
      }
      if (owner.id === id) return undefined;
      const other = entries.get(owner.id);
      if (other) other.sharedWith ??= key;
      return owner.key;
    },
  };
}

/**
 * The first receipt is passed on at once; another one later is a contradiction, not a correction. One that comes with
 * the outcome is recorded with it: one commit, and neither is known before.
 */
function keepReceipt(entry: Entry, receipt: string, isWithOutcome: boolean): void {
  if (entry.receipt !== undefined) {
    if (entry.receipt !== receipt) entry.conflict = receipt;
    return;
  }
  entry.receipt = receipt;
  if (isWithOutcome) return;
  entry.receiptKept = entry.onReceipt(receipt);
  // Looked at when the row is answered; until then a rejection is not lost, only waiting.
  entry.receiptKept.catch(() => {});
}
