import { describeTrainerEnd } from '../../../core/families/training-control/describe-trainer-end.ts';
import type { ControlWarning } from '../../../core/families/training-control/schema.ts';
import type { RecoveryReport } from '../../../core/report/schema.ts';
import { safeText } from '../../safe-text.ts';
import type { ReportSaid } from '../family-words.ts';

/** Exit code of a trainer that failed; it was neither asked to stop nor taken over. Source: contract, exit codes. */
const FAILED = 5;

/** What is said of an action on a training under someone else's control. Errors: none. */
export function sayOfControl(report: RecoveryReport): ReportSaid | undefined {
  const { choice, outcome } = report;
  if (choice === 'pause') {
    const next = 'choose resume when training should go on.';
    if (!warns(report, 'TRAINER_GOES_ON')) return { outcome: 'recorded as paused', next };
    return {
      outcome: 'recorded as paused; the trainer goes on until it looks at its control state',
      next,
      isNoted: true,
    };
  }
  if (choice === 'rollback') {
    return { outcome: 'rolled back', next: 'choose resume: training goes on from that checkpoint.' };
  }
  if (outcome.status === 'recovered' && warns(report, 'NOTHING_STARTED')) {
    const next = 'start the trainer; nothing was started here.';
    return { outcome: 'recorded as running; nothing was started', next };
  }
  if (outcome.exit_code !== FAILED || !outcome.trainer) return undefined;
  return { outcome: `${describeTrainer(outcome.trainer)}; it can be resumed` };
}

function warns({ plan }: RecoveryReport, code: ControlWarning): boolean {
  return plan.warnings.some((warning) => warning.code === code);
}

function describeTrainer({ exit_code: exitCode, signal }: NonNullable<RecoveryReport['outcome']['trainer']>): string {
  const end = { ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) };
  return `the trainer ${safeText(describeTrainerEnd(end), 60)}`;
}
