/** What a recovery came to, in one line: the last words of the console and the head of its report screen. */
import type { RecoveryReport } from '../../core/report/schema.ts';
import { formatCount } from '../../present/format.ts';
import { describeOutcome } from '../../present/report-text.ts';
import { safeText } from '../../present/safe-text.ts';

/** Says how it ended and how much was done now; where the report is stands on a line of its own, whole to be copied. */
export function formatOutcome(report: RecoveryReport, reportPath: string | undefined): string {
  const { units, progress_after: after } = report;
  const unit = after.unit === 'step' ? 'step' : 'row';
  const done =
    report.choice === 'cancel' || report.job.kind === 'training'
      ? ''
      : ` ${formatCount(units.completed_now, unit)} done now, ${after.done}/${after.total} in all.`;
  const where = reportPath === undefined ? '' : `\nReport: ${safeText(reportPath, 1000)}`;
  return `${describeOutcome(report)}${done}${where}`;
}
