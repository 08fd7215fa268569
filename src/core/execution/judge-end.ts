/** How an execution is told: its status and exit code, for reports and commands alike. */
import type { ExecutionResult } from './schema.ts';
import { STOP_EXIT_CODES } from './stop-signals.ts';

/**
 * A second request to stop within this time is the same key press heard twice: the terminal sends it to all in front,
 * and a shell or npm passes it on to those below.
 */
export const SAME_STOP_MS = 300;

/** Exit code of a run that somebody else asked to stop: the console, or another process. Source: contract, exit codes. */
const STOPPED_EXIT_CODE = STOP_EXIT_CODES.SIGTERM;

/** What an execution is called, and what a script sees of it. */
export type JudgedEnd = {
  readonly status: 'recovered' | 'needs_review' | 'stopped' | 'failed' | 'cancelled';
  readonly exitCode: number;
};

/**
 * Decides how an execution is told. A stop that was asked for is no failure; a run that came to its end in spite of one
 * was not stopped.
 *
 * Shapes: `openCount` is how many units are in doubt or under review at the end.
 * Errors: none.
 * Source: contract, exit codes and report.
 */
export function judgeEnd(
  { end, signalExitCode }: Pick<ExecutionResult, 'end' | 'signalExitCode'>,
  openCount: number,
): JudgedEnd {
  switch (end) {
    case 'cancelled':
      return { status: 'cancelled', exitCode: 0 };
    case 'stopped':
      return { status: 'stopped', exitCode: signalExitCode ?? STOPPED_EXIT_CODE };
    case 'fenced':
      return { status: 'failed', exitCode: 6 };
    case 'failed':
    case 'refused':
      return { status: 'failed', exitCode: 5 };
    case 'completed':
      return openCount > 0 ? { status: 'needs_review', exitCode: 8 } : { status: 'recovered', exitCode: 0 };
  }
}
