import type { RecoveryReport } from '../core/report/schema.ts';
import { sayOfReport } from './families/registry.ts';
import { formatCount, formatDuration } from './format.ts';
import { safeText } from './safe-text.ts';

const HEADLINES: Readonly<Record<Exclude<RecoveryReport['outcome']['status'], 'needs_review'>, string>> = {
  recovered: 'recovered to the end',
  failed: 'ran and failed; it can be resumed',
  stopped: 'stopped on request; it can be resumed',
  cancelled: 'cancelled',
  submitted: 'submitted',
  started: 'started; it goes on in the background',
};

/** Exit code of a run that lost its job to somebody else. Source: contract, exit codes. */
export const TAKEN_OVER = 6;

/** Only the beginning of these recoveries is on record. */
const FATES = {
  broken_off: 'did not get to its end: its process is gone; salvor show says how the job stands',
  unknown: 'was started; Salvor cannot tell whether it still goes on',
} as const;

/** The outcome of a recovery in one sentence. */
export function describeOutcome(report: RecoveryReport): string {
  const rest = report.outcome.fate === 'ended' ? ' (its own last word could not be written)' : '';
  return `Job '${safeText(report.job.name, 200)}': ${sayOfReport(report).outcome ?? describeStatus(report)}${rest}.`;
}

function describeStatus({ outcome, progress_after: after }: RecoveryReport): string {
  const { status, exit_code: exitCode, fate } = outcome;
  // An exit code above 128 is a signal's: the run did not fail, it was asked to stop.
  if (status === 'failed' && exitCode > 128) return HEADLINES.stopped;
  if (fate !== undefined && fate !== 'ended') return FATES[fate];
  if (status === 'failed' && exitCode === TAKEN_OVER)
    return 'taken over, settled or cancelled by somebody else while it ran';
  if (status !== 'needs_review') return HEADLINES[status];
  const open = after.needs_review + after.in_doubt;
  const unit = after.unit === 'step' ? 'step' : 'row';
  return `ran to its end; ${formatCount(open, unit)} ${open === 1 ? 'waits' : 'wait'} for review`;
}

/** What a recovery left that nobody knows the outcome of, in one sentence; undefined when that is said, or not known. */
export function describeLeft(report: RecoveryReport): string | undefined {
  const { outcome, progress_after: after } = report;
  const { status, exit_code: exitCode } = outcome;
  const open = after.needs_review + after.in_doubt;
  // What is begun is in hand of whoever has the job, where that is somebody: the runner that was asked, or a later one.
  const isHeld = exitCode === TAKEN_OVER || sayOfReport(report).isStillRunning === true;
  if (open === 0 || isHeld || status === 'needs_review' || status === 'started' || status === 'submitted') return;
  const unit = after.unit === 'step' ? 'step' : 'row';
  return `The outcome of ${formatCount(open, unit)} is not known: choose review.`;
}

/**
 * A report as plain lines, for a terminal: every foreign text in it is safe.
 *
 * Source: contract, recovery-report.json.
 */
export function formatReportText(report: RecoveryReport): readonly string[] {
  return [
    describeOutcome(report),
    ...listLeft(report),
    '',
    ...formatReportFacts(report),
    ...report.plan.steps.map((step) => `  - ${safeText(step.detail, 300)}`),
    ...formatReportFindings(report),
  ];
}

function listLeft(report: RecoveryReport): readonly string[] {
  return [describeLeft(report) ?? []].flat();
}

function formatCheckpoint(report: RecoveryReport): string {
  const run = safeText(report.checkpoint_run_id ?? 'unknown', 80);
  return `checkpoint    ${report.checkpoint_source}: run ${run}, global step ${report.checkpoint_global_step ?? 'unknown'}`;
}

/** The facts of a report in a column: who, what, how far. */
export function formatReportFacts(report: RecoveryReport): readonly string[] {
  const { units, progress_before: before, progress_after: after, outcome } = report;
  return [
    `choice        ${report.choice} by ${safeText(report.principal, 80)} at ${safeText(report.recovered_at, 30)}`,
    `crash         ${report.crash_detected ? 'detected' : 'not detected'} (was: ${safeText(report.prior_lifecycle_state ?? 'missing', 40)})`,
    ...(report.checkpoint_source === null ? [] : [formatCheckpoint(report)]),
    `progress      ${before.done}/${before.total} before, ${after.done}/${after.total} after`,
    `units         ${units.completed_now} done now, ${units.settled} settled, ${units.failed} failed, ${units.needs_review} to review${after.in_doubt > 0 ? `, ${after.in_doubt} not settled` : ''}`,
    ...(units.would_repeat > 0 ? [`repeated      ${units.would_repeat} had been done before`] : []),
    `took          ${formatDuration(outcome.duration_ms)}, attempt ${outcome.attempt}, exit code ${outcome.exit_code}`,
    `plan          ${report.plan.digest.slice(0, 12)}`,
  ];
}

/** What was warned of, and what had been found. */
export function formatReportFindings(report: RecoveryReport): readonly string[] {
  return [
    ...report.plan.warnings.map((warning) => `  ! ${safeText(warning.message, 300)}`),
    ...(report.diagnostics.length > 0 ? ['found'] : []),
    ...report.diagnostics.map((line) => `  - ${safeText(line, 300)}`),
  ];
}

/** A report as Markdown, to be kept with an incident. */
export function formatReportMarkdown(report: RecoveryReport): string {
  const quote = (text: string) => safeText(text, 400).replace(/([\\`*_[\]<>#|])/g, '\\$1');
  const { outcome, progress_before: before, progress_after: after, units } = report;
  const lines = [
    `# Recovery of ${quote(report.job.name)}`,
    '',
    quote([describeOutcome(report), ...listLeft(report)].join(' ')),
    '',
    '| | |',
    '|---|---|',
    `| job | ${quote(report.job.id)} (${quote(report.job.kind)}, ${quote(report.job.source)}) |`,
    `| choice | ${report.choice} by ${quote(report.principal)} on ${quote(report.host)} |`,
    `| decided | ${quote(report.recovered_at)} |`,
    `| crash detected | ${report.crash_detected ? 'yes' : 'no'} |`,
    `| progress | ${before.done}/${before.total} before, ${after.done}/${after.total} after |`,
    `| units | ${units.completed_now} done now, ${units.settled} settled, ${units.failed} failed, ${units.needs_review} to review, ${units.would_repeat} repeated |`,
    `| outcome | ${outcome.status}, exit code ${outcome.exit_code}, ${formatDuration(outcome.duration_ms)}, attempt ${outcome.attempt} |`,
    `| plan | \`${report.plan.digest}\` |`,
    `| report | \`${quote(report.report_id)}\` |`,
    '',
    '## Plan',
    '',
    ...report.plan.steps.map((step, index) => `${index + 1}. ${quote(step.detail)}`),
    ...report.plan.warnings.map((warning) => `- ${quote(warning.message)}`),
    '',
    '## Evidence',
    '',
    ...report.crash_evidence.map(({ fact, value }) => `- ${quote(fact)}: ${quote(value)}`),
    ...report.diagnostics.map((line) => `- ${quote(line)}`),
    '',
  ];
  return lines.join('\n');
}
