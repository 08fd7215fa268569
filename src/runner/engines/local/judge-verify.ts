import type { VerifyOutcome } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import { describeEnd, describeUnread, type Heard, shorten } from './judge-command.ts';
import type { ShellEnd } from './run-shell.ts';

/**
 * Decides what a verify command said: exit code 0 done, 1 not done, anything else is no answer. A receipt, an ambiguity
 * or unread output together with 1, an error or a receipt that could not be read together with 0, and two receipts
 * contradict themselves: that is an answer, and tells nothing. Its error says what the hook said.
 *
 * Errors: none.
 * Source: contract, job files (verify); decisions/0024.
 */
export function judgeVerify(end: ShellEnd, heard: Heard): VerifyOutcome {
  if (end.type === 'not_started') return { type: 'unanswered', error: end.error, isDown: true };
  const error = describeEnd(end, heard);
  if (end.type !== 'exited' || end.exitCode > 1) {
    const before = heard.receipt === undefined ? '' : `; before, it gave receipt ${heard.receipt}`;
    return {
      type: 'unanswered',
      error: { ...error, message: shorten(`${error.message}${before}`) },
      isDown: isDown(end),
    };
  }
  const against = findContradiction(end, heard);
  if (against !== undefined) return contradict(error, against);
  if (end.exitCode === 1) return { type: 'not_done' };
  return { type: 'done', ...(heard.receipt !== undefined && { receipt: heard.receipt }) };
}

/** What a hook said against its exit code, 0 or 1, or against itself. */
function findContradiction(
  end: Extract<ShellEnd, { readonly type: 'exited' }>,
  { receipt, conflict, ambiguous, error, lostReceipt, unread }: Heard,
): string | undefined {
  if (conflict !== undefined) return `it gave two receipts: ${receipt} and ${conflict}`;
  if (end.exitCode === 0) {
    if (receipt !== undefined) return undefined;
    if (lostReceipt !== undefined) return `its receipt could not be read: ${lostReceipt}`;
    return ambiguous || error !== undefined ? (unread ?? 'it speaks of an error as well') : undefined;
  }
  if (receipt !== undefined) return `it gave receipt ${receipt} as well`;
  const why = describeUnread(end, { ambiguous, ...(unread !== undefined && { unread }) });
  if (why !== undefined) return `not all it printed could be read: ${why}`;
  return ambiguous ? 'it says that it may have happened as well' : undefined;
}

function contradict({ code, message }: JobError, against: string): VerifyOutcome {
  return { type: 'unknown', error: { code, message: shorten(`verify: ${message}; ${against}`) } };
}

/** A shell ends with 126 or 127 when it cannot start what it was told to. Source: POSIX, 2.8.2. */
function isDown(end: ShellEnd): boolean {
  return end.type !== 'exited' || end.exitCode >= 126;
}
