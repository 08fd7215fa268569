/** A recovery that runs, what became of it, and why one was refused. */

import type { Choice } from '../../core/job/schema.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import type { SessionState } from '../../core/session/schema.ts';
import type { UnitWord } from '../../present/families/family-words.ts';
import { sayOfReport } from '../../present/families/registry.ts';
import { formatCount, formatDuration } from '../../present/format.ts';
import { shareDone } from '../../present/job-rows.ts';
import { describeLeft, formatReportFacts, formatReportFindings, TAKEN_OVER } from '../../present/report-text.ts';
import { safeText } from '../../present/safe-text.ts';
import { describeStep } from '../../present/words.ts';
import { STEP_MARKS } from '../theme.ts';
import { describeHint } from './describe-refusal.ts';
import { isAtOnce } from './is-at-once.ts';
import { formatBar } from './jobs-view.ts';
import { BLANK, type Line, spanLine, textLine, wrappedLines } from './line.ts';
import { formatOutcome } from './outcome.ts';
import { wrapText } from './text-width.ts';

type Stage<S extends SessionState['stage']> = Extract<SessionState, { readonly stage: S }>;

/** How fast it goes and how long it takes, at `atMs`. Rate in units per second; absent until something was done. */
export function measurePace(
  session: Stage<'executing'>,
  atMs: number,
): { readonly perSecond?: number; readonly leftMs?: number } {
  const doneNow = session.progress.done - session.progressBefore.done;
  const elapsedMs = atMs - session.startedAtMs;
  if (doneNow <= 0 || elapsedMs <= 0) return {};
  const perSecond = (doneNow * 1000) / elapsedMs;
  const left = Math.max(0, session.progress.total - session.progress.done);
  return { perSecond, leftMs: (left * 1000) / perSecond };
}

/** The text of a running recovery, as it was seen at `atMs`. */
export function assembleProgressText(session: Stage<'executing'>, atMs: number, columns: number): readonly Line[] {
  const { plan, progress, lastUnit, lastLine } = session;
  const pace = measurePace(session, atMs);
  const rate = pace.perSecond === undefined ? 'no rate yet' : `${formatRate(pace.perSecond)} ${progress.unit}s/s`;
  const left = pace.leftMs === undefined ? '' : `, about ${formatDuration(pace.leftMs)} left`;
  return [
    ...wrappedLines(
      `${plan.choice} '${safeText(plan.jobName, 200)}'${session.stopping ? ' is stopping after the one in hand' : ''}`,
      columns,
      { tone: 'title' },
    ),
    BLANK,
    textLine(
      `${formatBar(shareDone(progress), Math.max(10, Math.min(40, columns - 30)))} ${progress.done}/${progress.total} ${progress.unit}s`,
    ),
    textLine(`${rate}${left}; ${formatDuration(atMs - session.startedAtMs)} so far`),
    textLine(
      `${progress.failed} failed, ${progress.inDoubt} in doubt, ${progress.needsReview} to review`,
      progress.failed > 0 ? 'warning' : 'faint',
    ),
    textLine(
      lastUnit === undefined
        ? ' '
        : `Last: ${progress.unit} ${lastUnit.number} (${safeText(lastUnit.key, 100)})${lastUnit.receipt === undefined ? '' : `, receipt ${safeText(lastUnit.receipt, 100)}`}`,
    ),
    textLine(lastLine === undefined ? ' ' : `Output: ${safeText(lastLine, 300)}`, 'faint'),
    BLANK,
    textLine('Steps', 'title'),
    ...stepLines(session.steps, progress.unit, columns),
  ];
}

function stepLines(steps: Stage<'executing'>['steps'], unit: UnitWord, columns: number): readonly Line[] {
  return steps.flatMap(({ step, state, detail, error }) => {
    const { glyph, tone } = STEP_MARKS[state];
    const why = error === undefined ? detail : `${error.code}: ${error.message}`;
    const more = why === undefined ? '' : ` - ${safeText(why, 300)}`;
    const text = `${describeStep(step, unit)}${more} (${state.replace('_', ' ')})`;
    const [first = '', ...others] = wrapText(text, columns - glyph.length - 1);
    const indent = ' '.repeat(glyph.length + 1);
    return [spanLine([`${glyph} `, tone], [first, 'plain']), ...others.map((line) => textLine(`${indent}${line}`))];
  });
}

function formatRate(perSecond: number): string {
  if (perSecond >= 100) return String(Math.round(perSecond));
  return perSecond >= 10 ? perSecond.toFixed(1) : perSecond.toFixed(2);
}

const BEING: Readonly<Partial<Record<Choice, string>>> = { cancel: 'cancelled', stop: 'stopped' };

/** What may become of a running recovery when the operator leaves it. */
export function assembleLeaveText(session: SessionState, columns: number): readonly Line[] {
  const unit = session.stage === 'executing' ? session.progress.unit : 'unit';
  // What only the actuator does has no half-way.
  const atOnce =
    session.stage === 'executing' && isAtOnce(session.plan) ? (BEING[session.plan.choice] ?? 'changed') : undefined;
  const stop = `  s  stop after the ${unit} in hand; what was done is kept, and the job can be resumed`;
  return [
    textLine(atOnce === undefined ? 'The recovery is still running.' : `The job is still being ${atOnce}.`, 'title'),
    BLANK,
    ...(atOnce !== undefined ? [] : wrappedLines(stop, columns, { indent: 5 })),
    ...wrappedLines('  b  leave it running: it goes on in the background and writes its report', columns, {
      indent: 5,
    }),
    ...wrappedLines('  w  keep watching (Esc, Enter)', columns, { indent: 5 }),
  ];
}

/** The report of a recovery, and where it was written. */
export function assembleReportText(session: Stage<'reported'>, columns: number): readonly Line[] {
  const { report, reportPath, steps } = session;
  const isGood = report.outcome.status !== 'failed';
  const left = describeLeft(report);
  return [
    ...wrappedLines(formatOutcome(report, undefined), columns, { tone: isGood ? 'good' : 'danger' }),
    ...wrappedLines(
      reportPath === undefined ? 'No report was written.' : `Report written to ${safeText(reportPath, 1000)}`,
      columns,
    ),
    // Of a job that was cancelled there is nothing else to do, and what comes next says it.
    ...(left === undefined || report.outcome.status === 'cancelled' ? [] : wrappedLines(left, columns)),
    BLANK,
    ...wrappedLines(`Next: ${describeNext(report)}`, columns, { tone: 'accent' }),
    BLANK,
    ...stepLines(steps, report.progress_after.unit === 'step' ? 'step' : 'row', columns),
    BLANK,
    ...formatReportFacts(report).flatMap((line) => wrappedLines(line, columns, { indent: 14 })),
    ...formatReportFindings(report).flatMap((line) => wrappedLines(line, columns, { indent: 4 })),
  ];
}

/** What is left for the operator to do after a recovery. */
function describeNext(report: RecoveryReport): string {
  const { outcome, progress_after: after } = report;
  const { next } = sayOfReport(report);
  if (next !== undefined) return next;
  const unit = after.unit === 'step' ? 'step' : 'row';
  const open = after.needs_review + after.in_doubt;
  if (outcome.exit_code === TAKEN_OVER) return 'look at the job again: somebody else has it, or cancelled it.';
  switch (outcome.status) {
    case 'needs_review':
      return 'open the job again and choose review.';
    case 'stopped':
      return 'choose resume when it should go on; what was done is kept.';
    case 'failed':
      return outcome.exit_code > 128
        ? 'choose resume when it should go on; what was done is kept.'
        : 'correct the cause (the log of the job says more), then choose resume.';
    case 'submitted':
    case 'started':
      return 'it goes on by itself; look again later.';
    case 'cancelled':
      if (open === 0) break;
      return `choose review: the outcome of ${formatCount(open, unit)} is not known.`;
    case 'recovered':
      if (after.failed + open === 0) break;
      return `look at the ${unit}s that failed.`;
  }
  return 'nothing is left to do for this job.';
}

/** Why nothing was done, and what to do next. */
export function assembleRefusedText(session: Stage<'refused'>, columns: number): readonly Line[] {
  const { error } = session;
  return [
    textLine(`Refused: ${error.code}`, 'danger'),
    ...wrappedLines(safeText(error.message, 2000), columns),
    BLANK,
    ...wrappedLines(describeHint(error.code), columns, { tone: 'accent' }),
    textLine('Enter looks at the job again.', 'faint'),
  ];
}
