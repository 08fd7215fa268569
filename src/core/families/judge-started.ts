import type { Evidence } from '../evidence/schema.ts';
import { judgeEnd } from '../execution/judge-end.ts';
import type { RunEnd } from '../execution/schema.ts';
import { assembleProgress } from '../job/schema.ts';
import { judgeHolder } from '../plan/plan-basis.ts';
import type { RecoveryReport } from '../report/schema.ts';
import { translateProgress } from './build-report.ts';

const ENDS: Readonly<Record<string, RunEnd | 'cancelled'>> = {
  completed: 'completed',
  stopped: 'stopped',
  cancelled: 'cancelled',
};

/**
 * Says of a report that was written when its recovery began, and never again, what is true of that recovery now: it
 * goes on, it broke off, or it came to its end and its last word could not be written. Every other report is as it was.
 *
 * Units:  the duration of one that broke off is from its decision to its last heartbeat, in milliseconds.
 * Errors: none.
 * Source: contract, recovery-report.json; design, rule 2.
 */
export function judgeStarted(report: RecoveryReport, evidence: Evidence): RecoveryReport {
  const { recorded, lease, units } = evidence;
  if (report.outcome.status !== 'started' || !units) return report;
  const holder = judgeHolder(evidence);
  if (holder === 'alive') return report;
  if (holder === 'unknown') return { ...report, outcome: { ...report.outcome, fate: 'unknown' } };
  const after = assembleProgress(units.counts, units.unit);
  const hasEnded = holder === 'released';
  const end = hasEnded ? (ENDS[recorded.status] ?? 'failed') : 'failed';
  const { status, exitCode } = judgeEnd({ end }, after.needsReview + after.inDoubt);
  const lastMs = lease?.releasedAtMs ?? lease?.heartbeatAtMs ?? report.recovered_at_unix_ms;
  const doneBefore = report.choice === 'restart' ? 0 : report.progress_before.done;
  return {
    ...report,
    progress_after: translateProgress(after),
    units: {
      ...report.units,
      completed_now: Math.max(0, after.done - doneBefore),
      needs_review: after.needsReview,
      failed: after.failed,
    },
    outcome: {
      ...report.outcome,
      status,
      exit_code: exitCode,
      duration_ms: Math.max(0, lastMs - report.recovered_at_unix_ms),
      fate: hasEnded ? 'ended' : 'broken_off',
    },
  };
}
