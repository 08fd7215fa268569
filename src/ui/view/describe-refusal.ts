/** Why a choice cannot be taken, in the console's words: short in the menu, whole with the next thing to do. */
import { type ErrorCode, HINTS } from '../../core/errors.ts';
import type { Refusal } from '../../core/plan/schema.ts';
import { safeText } from '../../present/safe-text.ts';

/** Refusals that have few words; what is not here says its message. */
const SHORT: Readonly<Partial<Record<ErrorCode, string>>> = {
  RUNNER_ALIVE: 'it is running',
  RUNNER_MISSING: 'nobody runs it',
  LIVENESS_UNKNOWN: 'it may be running elsewhere',
  JOB_FINISHED: 'it is finished',
  JOB_CANCELLED: 'it was cancelled',
  REVIEW_NEEDED: 'review first',
  ROWS_FILE_CHANGED: 'the rows file was changed',
  ROWS_FILE_MISSING: 'the rows file is missing',
  AUDIT_BROKEN: 'the audit chain is broken',
  STATE_CONTRADICTION: 'its records contradict each other',
  ACCESS_DENIED: 'the access policy denies it',
  POLICY_INVALID: 'the access policy cannot be read',
  READ_ONLY: 'Salvor was started read-only',
};

/** Why not, in a few words for the menu. Errors: none. */
export function describeRefusalShort({ code, message }: Pick<Refusal, 'code' | 'message'>): string {
  return SHORT[code] ?? safeText(message, 300);
}

/** What the console can do about it with a key; what is not here has the hint of its code. */
const IN_CONSOLE: Readonly<Partial<Record<ErrorCode, string>>> = {
  RUNNER_ALIVE: 'Wait for it, or stop it with s; X abandons the job.',
  RUNNER_MISSING: 'There is nothing to stop.',
  RUNNER_NOT_ENDED: 'It stops when it is through with what it has in hand: look again later; X takes the job from it.',
  REVIEW_NEEDED: 'v shows them; s settles one.',
  REVIEW_EMPTY: 'There is nothing to settle.',
  AUDIT_BROKEN: '4 shows the trail; restore the store from a copy.',
  STATE_CONTRADICTION: '3 shows the facts that contradict each other.',
  RUN_FAILED: 'What was done is kept; r goes on from where it stopped.',
  RUN_INTERRUPTED: 'What was done is kept; r goes on from where it stopped.',
};

/** The next thing to do about an error, with the keys of the console where there are any. */
export function describeHint(code: ErrorCode): string {
  return IN_CONSOLE[code] ?? HINTS[code];
}

/** A message and its hint as sentences of one text. */
export function joinSentences(message: string, hint: string): string {
  return /[.!?]$/u.test(message) ? `${message} ${hint}` : `${message}. ${hint}`;
}
