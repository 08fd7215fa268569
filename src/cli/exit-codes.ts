/** Exit codes: which one each error has, and what each means. Source: contract, exit codes. */

import type { ErrorCode } from '../core/errors.ts';
import { STOP_EXIT_CODES } from '../core/execution/stop-signals.ts';

/** The exit code of every error; a new error does not compile until it has chosen one. */
export const EXIT_CODES = {
  INTERNAL: 1,
  USAGE_INVALID: 2,
  TARGET_UNKNOWN: 2,
  JOB_UNKNOWN: 2,
  JOB_AMBIGUOUS: 2,
  UNIT_UNKNOWN: 2,
  UNIT_AMBIGUOUS: 2,
  TERMINAL_MISSING: 2,
  JOB_FILE_INVALID: 2,
  ROWS_INVALID: 2,
  COMMAND_MISSING: 2,
  CONFIG_INVALID: 2,
  NODE_UNSUPPORTED: 2,
  CHECKPOINT_INPUT_INVALID: 2,
  STATE_UNREADABLE: 3,
  STATE_UNWRITABLE: 3,
  STATE_UNTRUSTED: 3,
  STATE_FULL: 3,
  STATE_CORRUPT: 3,
  LOCK_DAMAGED: 3,
  STORE_REGRESSED: 3,
  STATE_UNREACHABLE: 3,
  STATE_DENIED: 3,
  STATE_TOO_NEW: 3,
  STATE_TOO_OLD: 3,
  LIVENESS_UNKNOWN: 3,
  RUNNER_OUT_OF_REACH: 3,
  ORPHAN_RUNNING: 3,
  ROWS_FILE_CHANGED: 3,
  ROWS_FILE_MISSING: 3,
  PREREQUISITE_MISSING: 3,
  AUDIT_BROKEN: 3,
  STATE_CONTRADICTION: 3,
  CHOICE_UNSUPPORTED: 3,
  UNIT_NOT_OPEN: 3,
  ACCESS_DENIED: 3,
  POLICY_INVALID: 3,
  READ_ONLY: 3,
  CONTROL_FILE_INVALID: 3,
  CHECKPOINT_MISSING: 3,
  CHECKPOINT_UNREADABLE: 3,
  CHECKPOINT_INVALID: 3,
  CHECKPOINT_VERSION_UNSUPPORTED: 3,
  CHECKPOINT_NONE_VALID: 3,
  CHECKPOINT_INEXACT: 3,
  CHECKPOINT_NOT_SAVED: 3,
  NOTHING_TO_RECOVER: 4,
  JOB_FINISHED: 4,
  JOB_CANCELLED: 4,
  REVIEW_EMPTY: 4,
  RUNNER_MISSING: 4,
  REPORT_MISSING: 4,
  UNITS_MISSING: 4,
  WRITE_BACK_EMPTY: 4,
  ORPHAN_NOT_ENDED: 5,
  RUN_FAILED: 5,
  WRITE_BACK_FAILED: 5,
  RUNNER_ALIVE: 6,
  RUNNER_NOT_ENDED: 6,
  LEASE_HELD: 6,
  LEASE_FENCED: 6,
  EVIDENCE_STALE: 6,
  UNIT_CHANGED: 6,
  CONSENT_MISMATCH: 6,
  CHECKPOINT_BUSY: 6,
  CHECKPOINT_CHANGED: 6,
  CONFIRMATION_NEEDED: 7,
  JOB_UNFINISHED: 7,
  VERIFY_UNANSWERED: 5,
  REVIEW_NEEDED: 8,
  OUTPUT_UNWRITABLE: 9,
  RUN_INTERRUPTED: STOP_EXIT_CODES.SIGINT,
} as const satisfies Record<ErrorCode, number>;

/** What an exit code tells a script. */
export const EXIT_MEANINGS: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done: recovered to the end, stopped by `--choice stop`, cancelled, reviewed, listed'],
  ['1', 'an error inside Salvor (a bug); the message says how to report it'],
  ['2', 'usage: unknown flag, command, job or target; a job file or rows that cannot be used'],
  ['3', 'refused by a guardrail (fail closed): nothing was changed'],
  ['4', 'nothing to recover, to stop or to repair: no matching job needs it'],
  ['5', 'the job ran (`run` or a recovery) and failed; it can be resumed'],
  ['6', 'conflict: somebody else holds the job, or the plan went stale'],
  ['7', 'confirmation needed: say `--yes`; `run` of rows that an unfinished job has: go on with it, or say `--again`'],
  ['8', 'the job ran to its end, and units wait for review'],
  ['9', 'done, and the answer could not be written: standard output is full or broken'],
  [
    '129, 130, 143',
    'ended by SIGHUP, SIGINT, SIGTERM (also: a stop asked for by somebody else): the job is left resumable',
  ],
];

/** The order in which one exit code is chosen when several jobs are recovered. Source: contract, commands. */
const WORST_FIRST: readonly number[] = [1, 5, 3, 6, 7, 8, 2];

/** The exit code for several jobs; a signal that ended them beats everything. */
export function chooseExitCode(codes: readonly number[]): number {
  const signalled = codes.find((code) => code > 128);
  return signalled ?? WORST_FIRST.find((code) => codes.includes(code)) ?? 0;
}
