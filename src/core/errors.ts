/** Errors for operators: what is true now, what to do next, and a stable code. */

/** Every stable code with the next thing to do. Exit codes are chosen in cli/exit-codes. Source: contract, errors. */
export const HINTS = {
  INTERNAL: 'This is a bug in Salvor. Report it with the command you ran and the text above.',
  USAGE_INVALID: 'See salvor --help.',
  TARGET_UNKNOWN: 'Name a Salvor state directory, or one of the kinds of state listed above.',
  JOB_UNKNOWN: 'See salvor list --all for the jobs there are.',
  JOB_AMBIGUOUS: 'Say one of the ids listed above.',
  UNIT_UNKNOWN: 'See salvor --choice review --job JOB for the units that can be settled.',
  UNIT_AMBIGUOUS: 'Say which with --key KEY or --number N.',
  TERMINAL_MISSING: 'Use the scripted form: salvor list, salvor show JOB, salvor --choice resume --job JOB.',
  JOB_FILE_INVALID: 'Correct the job file and run it again; nothing was started.',
  ROWS_INVALID: 'Correct the rows file and run the job file again; nothing was started.',
  COMMAND_MISSING: 'Install the command or correct the path in the job file; nothing was started.',
  STATE_UNREADABLE: 'Check the permissions of the state directory, or name another one with --state.',
  STATE_UNWRITABLE:
    'Make the state directory writable, or wait for who has it locked, then say the same again; what was recorded is safe.',
  STATE_UNTRUSTED:
    'Look at it with salvor list and show; name it with --state DIR if you trust everybody who may write there.',
  STATE_FULL: 'Free space, or raise the quota, then say the same again; what was recorded is safe.',
  STATE_CORRUPT: 'Keep a copy of the state directory and see docs/runbook.md, "the store is damaged".',
  LOCK_DAMAGED:
    'Make sure that the job runs nowhere, remove the lock file named above, and say the same again; the store is not touched by it.',
  STORE_REGRESSED:
    'Put the newest store back; without one, salvor repair JOB puts in doubt what may be done. See docs/runbook.md, "the store went back in time".',
  STATE_UNREACHABLE:
    'Make the database of the state reachable again, then look again: what was recorded is safe, and what was in hand is in doubt.',
  STATE_DENIED:
    'Check the user, the password (PGPASSWORD, ~/.pgpass), the rights and the certificates that the message speaks of, then say the same again.',
  STATE_TOO_NEW: 'Use the newer Salvor that wrote this state.',
  STATE_TOO_OLD: 'Use a server of PostgreSQL 13 or newer.',
  NOTHING_TO_RECOVER: 'See salvor list --all for every job and its verdict.',
  RUNNER_ALIVE:
    'Wait for it, or stop it first with --choice stop, said where it runs; a trainer is stopped with --choice cancel.',
  RUNNER_MISSING: 'There is nothing to stop; salvor show JOB says what can be done.',
  RUNNER_OUT_OF_REACH: 'Say the same there: on the host, in the container or as the user named above.',
  RUNNER_NOT_ENDED:
    'It was asked, and stops when it is through with what it has in hand: look again later, or take the job from it with --choice cancel.',
  LIVENESS_UNKNOWN:
    'Make sure by hand that the job does not run anywhere, then see docs/runbook.md, "the verdict is unknown".',
  ORPHAN_RUNNING: 'Say --orphans wait to wait for it, or --orphans end to end it.',
  ORPHAN_NOT_ENDED: 'End the process named above by hand, then say the same again.',
  ROWS_FILE_CHANGED:
    'Put the rows file back as the job read it or left it; without it, salvor units JOB --csv has the results, and salvor run FILE --again does every row of the file as it is now.',
  ROWS_FILE_MISSING: 'Put the rows file back where it was; its digest is checked.',
  PREREQUISITE_MISSING: 'Put back what is named above, or cancel the job and start a new one.',
  AUDIT_BROKEN:
    'See salvor audit JOB for the place and salvor show JOB for what can still be done; restore what was changed from a copy.',
  STATE_CONTRADICTION: 'See salvor show JOB for the facts that contradict each other.',
  JOB_FINISHED: 'There is nothing left to do for this job.',
  JOB_CANCELLED: 'A cancelled job stays cancelled; start a new one with salvor run.',
  CHOICE_UNSUPPORTED: 'Take one of the other choices, or recover the job with the tools of the system it belongs to.',
  REVIEW_NEEDED:
    'Look at them with --choice review and settle each with salvor settle; where the job has a verify hook, --choice resume --verify-again asks it again.',
  VERIFY_UNANSWERED: 'Put the verify hook right, then say salvor --choice resume: it is asked again.',
  REVIEW_EMPTY: 'There is nothing to review.',
  UNIT_CHANGED:
    'Somebody settled the unit while it ran; compare what was said with its receiving system. See salvor show JOB.',
  UNIT_NOT_OPEN: 'Only a unit in doubt, under review or failed can be settled.',
  ACCESS_DENIED: 'Ask for a role that allows this action, or use another principal.',
  POLICY_INVALID: 'Correct the policy file; until then every action is denied.',
  READ_ONLY: 'Leave out --read-only to act.',
  LEASE_HELD: 'Wait for the holder named above to finish, then look again.',
  LEASE_FENCED: 'Somebody took this job over, settled its rows or cancelled it meanwhile; see salvor show JOB.',
  EVIDENCE_STALE: 'Look again and decide on what is true now.',
  CONSENT_MISMATCH: 'Agree to the plan that is shown now.',
  JOB_UNFINISHED: 'Resume the job named above, or say --again to do its rows once more under new idempotency keys.',
  CONFIRMATION_NEEDED: 'Say --yes if that is what you want.',
  UNITS_MISSING: 'A batch has rows and a workflow has steps; see salvor show JOB for what this job has.',
  REPORT_MISSING: 'A report is written by a recovery that acted; none was written for this job yet.',
  RUN_FAILED: 'See salvor show JOB; salvor --choice resume goes on from where it stopped.',
  RUN_INTERRUPTED: 'salvor --choice resume goes on from where it stopped.',
  WRITE_BACK_FAILED: 'The results are safe in the store; correct the cause and say salvor write-back JOB.',
  WRITE_BACK_EMPTY:
    'Results are in the store: see salvor units JOB; write_back in the job file names the columns they go to.',
  CONFIG_INVALID: 'Correct the configuration file named above.',
  CONTROL_FILE_INVALID:
    'salvor repair DIR sets the file named above aside, kept and audited; or put back a good one. Nothing was changed.',
  CHECKPOINT_MISSING: 'Name the directory of the checkpoints, or load with the fallback.',
  CHECKPOINT_UNREADABLE: 'Correct the path or its permissions; nothing was changed.',
  CHECKPOINT_INVALID: 'Load with the fallback, or restore a checkpoint that is valid; the file was left as it is.',
  CHECKPOINT_VERSION_UNSUPPORTED: 'Use the newer program that wrote this checkpoint; it was left as it is.',
  CHECKPOINT_NONE_VALID: 'Bring back a valid copy and restore it; both files were left as they are.',
  CHECKPOINT_INPUT_INVALID: 'Correct what was given; the checkpoints there are as they were.',
  CHECKPOINT_INEXACT: 'Read the state as text, which is exact.',
  CHECKPOINT_NOT_SAVED: 'Correct the cause and save again; the newest checkpoint there is can still be loaded.',
  CHECKPOINT_BUSY: 'Wait for the other program to finish saving, then save again.',
  CHECKPOINT_CHANGED: 'Load again: a newer checkpoint took its place.',
  OUTPUT_UNWRITABLE:
    'Nothing that was done is changed by it: salvor list --all and salvor show JOB have what is true; make room, or write elsewhere.',
  NODE_UNSUPPORTED: 'Install Node.js 24 or newer.',
} as const;

/** A stable code of an error. */
export type ErrorCode = keyof typeof HINTS;

/**
 * The one error class. `message` says what is true now, with the value; `hint` what to do next; `details` the same
 * as data. Never test on messages. Source: style, errors.
 */
export class RecoveryError extends Error {
  override readonly name = 'RecoveryError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** The next thing to do, by code. */
  get hint(): string {
    return HINTS[this.code];
  }
}

/** Whether something thrown is a RecoveryError; the console's file of the bundle has a class of its own. */
export function isRecoveryError(thrown: unknown): thrown is RecoveryError {
  return (
    thrown instanceof RecoveryError || (thrown instanceof Error && thrown.name === 'RecoveryError' && 'code' in thrown)
  );
}

/** Wraps an unknown throw once, at a port; a RecoveryError passes unchanged. */
export function toRecoveryError(thrown: unknown): RecoveryError {
  if (isRecoveryError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RecoveryError('INTERNAL', message, { cause: thrown });
}
