import { constants } from 'node:os';
import type { UnitOutcome } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import type { Rest, ShellEnd } from './run-shell.ts';

/**
 * What a command said before it ended. `conflict` is a second receipt that is not the first; `unread` says why not all
 * of it could be read, `lostReceipt` why a receipt could not.
 */
export type Heard = {
  readonly receipt?: string;
  readonly conflict?: string;
  readonly error?: Partial<JobError>;
  readonly ambiguous: boolean;
  readonly unread?: string;
  readonly lostReceipt?: string;
  readonly lastErrorLine?: string;
};

/** Messages of errors are kept up to this length. */
const MESSAGE_LIMIT = 1000;

/**
 * Decides how a unit came out, from how its command ended and what it said.
 *
 * Only an end that proves that nothing happened is `failed`: a definite exit code with neither receipt nor ambiguity,
 * and all it printed was read. A signal, a timeout, a failure after a receipt, two receipts, or an error together with
 * exit code 0 prove nothing; nor does exit code 0 when what was printed and could not be read names the receipt.
 * Errors: none.
 * Source: contract, job files; design, rule 6; decisions/0020.
 */
export function judgeCommand(end: ShellEnd, heard: Heard): UnitOutcome {
  if (end.type === 'not_started') return { type: 'failed', error: end.error };
  const error = describeEnd(end, heard);
  const receipt = heard.receipt === undefined ? {} : { receipt: heard.receipt };
  if (heard.conflict !== undefined) {
    const message = `it gave two receipts: ${heard.receipt} and ${heard.conflict}`;
    return { type: 'unknown', error: { code: 'RECEIPT_CONFLICT', message }, ...receipt };
  }
  if (end.type !== 'exited') return { type: 'unknown', error, ...receipt, ...(end.survivors > 0 && { isOver: false }) };
  if (findShellSignal(end.exitCode) !== undefined) return { type: 'unknown', error, ...receipt };
  if (end.exitCode === 0) return judgeSuccess(heard, error);
  const unread = describeUnread(end, heard);
  if (unread !== undefined) return { type: 'unknown', error: describeUnreadEnd(error, unread), ...receipt };
  return heard.ambiguous || heard.receipt !== undefined
    ? { type: 'unknown', error, ...receipt }
    : { type: 'failed', error };
}

function judgeSuccess({ receipt, lostReceipt, unread, ...heard }: Heard, error: JobError): UnitOutcome {
  if (receipt !== undefined) return { type: 'done', receipt };
  if (lostReceipt !== undefined) return { type: 'unknown', error: describeUnreadEnd(error, lostReceipt) };
  if (heard.error === undefined && !heard.ambiguous) return { type: 'done' };
  return { type: 'unknown', error: unread === undefined ? error : describeUnreadEnd(error, unread) };
}

function describeUnreadEnd({ message }: JobError, unread: string): JobError {
  return { code: 'OUTPUT_UNREAD', message: shorten(`${message}; not all it printed could be read: ${unread}`) };
}

/**
 * Decides again when processes of the command outlived it: whatever it said, they may have acted.
 *
 * Errors: none; a unit that is done stays done.
 * Source: design, rule 2; decisions/0021.
 */
export function judgeRest(outcome: UnitOutcome, { processes, survivors, suspects }: Rest): UnitOutcome {
  if (outcome.type === 'done') return outcome;
  if (processes.length === 0) return judgeSuspects(outcome, suspects);
  const [first = ''] = processes;
  const more = processes.length > 1 ? ` and ${processes.length - 1} more` : '';
  const ended = survivors === 0 ? 'ended' : `${survivors} of them could not be ended`;
  const message = `${outcome.error.message}; process ${first}${more} of it worked on: ${ended}`;
  return {
    type: 'unknown',
    error: { code: 'PROCESS_LEFT', message: shorten(message) },
    ...(outcome.type === 'unknown' && outcome.receipt !== undefined && { receipt: outcome.receipt }),
    ...(survivors + suspects.length > 0 && { isOver: false }),
  };
}

function judgeSuspects(
  outcome: Exclude<UnitOutcome, { type: 'done' }>,
  [first, ...more]: Rest['suspects'],
): UnitOutcome {
  if (first === undefined) return outcome;
  const others = more.length > 0 ? ` and ${more.length} more` : '';
  const message = `${outcome.error.message}; process ${first}${others} may be of it and works on`;
  return { ...outcome, type: 'unknown', error: { code: 'PROCESS_LEFT', message: shorten(message) }, isOver: false };
}

/** Why not all that a command printed could be read, or undefined. Errors: none. */
export function describeUnread(
  end: Extract<ShellEnd, { readonly type: 'exited' }>,
  { unread }: Heard,
): string | undefined {
  return unread ?? (end.isOutputWhole ? undefined : 'another process held it open');
}

/** How an end is told of which it matters, with what the command said of it. Errors: none. */
export function describeEnd(end: Exclude<ShellEnd, { readonly type: 'not_started' }>, heard: Heard): JobError {
  if (end.type === 'timed_out') {
    const left = end.survivors > 0 ? `; ${end.survivors} of its processes could not be ended` : '';
    return { code: 'timeout', message: `it did not end within ${end.durationMs} ms${left}` };
  }
  const signal = end.type === 'signalled' ? end.signal : findShellSignal(end.exitCode);
  const said = heard.error?.message ?? heard.lastErrorLine;
  if (signal !== undefined) {
    return {
      code: `SIGNAL_${signal}`,
      message: shorten(`it was ended by ${signal}${said === undefined ? '' : `: ${said}`}`),
    };
  }
  const exitCode = end.type === 'exited' ? end.exitCode : 0;
  return {
    code: heard.error?.code ?? `EXIT_${exitCode}`,
    message: shorten(said ?? `it ended with exit code ${exitCode}`),
  };
}

/** A shell tells that its command was ended by signal n with exit code 128 + n. Source: POSIX, 2.8.2. */
function findShellSignal(exitCode: number): string | undefined {
  if (exitCode <= 128 || exitCode >= 160) return undefined;
  const number = exitCode - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `${number}`;
}

/** A message of limited length. Errors: none. */
export function shorten(message: string): string {
  return message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT)}...` : message;
}
