import type { RecoveryReport } from '../../../core/report/schema.ts';
import type { ReportSaid } from '../family-words.ts';

/** Exit code of a stop that the job's own end came before. Source: contract, exit codes. */
const OTHERS = 6;

function isStillRunning({ choice, outcome: { status, exit_code: exitCode } }: RecoveryReport): boolean {
  // Of a job that failed by itself the words of all are true.
  return choice === 'stop' && status === 'failed' && (exitCode === OTHERS || exitCode > 128);
}

/** What is said of a stop: who was asked may have come to another end than that. Errors: none. */
export function sayOfStop(report: RecoveryReport): ReportSaid | undefined {
  const { choice, outcome } = report;
  if (choice !== 'stop') return undefined;
  const { status, exit_code: exitCode } = outcome;
  if (status === 'recovered') return { outcome: 'came to its end before it stopped' };
  if (status === 'cancelled') return { outcome: 'was cancelled by somebody else meanwhile' };
  if (status === 'stopped' && exitCode === OTHERS)
    return { outcome: 'stopped on request, and was taken over by somebody else since' };
  if (!isStillRunning(report)) return undefined;
  return {
    isStillRunning: true,
    outcome: 'was asked to stop and still runs; nothing else was done',
    next: 'look again when it is through with what it has in hand; cancel takes the job from it.',
  };
}
