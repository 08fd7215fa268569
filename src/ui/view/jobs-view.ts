/** The list of jobs, most urgent first. */
import type { JobSummary } from '../../core/job/schema.ts';
import { describeAttention, describeJobCells, type JobCells, shareDone } from '../../present/job-rows.ts';
import { safeText } from '../../present/safe-text.ts';
import { describeVerdict } from '../../present/words.ts';
import { type ColumnWidth, type JobColumn, type Layout, layoutJobColumns } from '../layout.ts';
import type { ConsoleState } from '../state/console-state.ts';
import { rowAtCursor, visibleRows } from '../state/list-window.ts';
import { ATTENTION_TONES, BAR_GLYPHS, CURSOR_MARK, type Tone } from '../theme.ts';
import { describeHint } from './describe-refusal.ts';
import { fillLines, type Line, type Span, textLine, wrappedLines } from './line.ts';
import { fitText } from './text-width.ts';

const HEADINGS: Readonly<Record<JobColumn, string>> = {
  name: 'JOB',
  state: 'STATE',
  bar: 'PROGRESS',
  count: 'DONE',
  proof: 'PROOF',
  next: 'NEXT',
  stopped: 'STOPPED',
  error: 'LAST ERROR',
};

/** Lines of the body: headings, the visible jobs, and what is known of the one under the cursor. */
export function assembleJobsBody(state: ConsoleState, layout: Layout): readonly Line[] {
  const columns = layoutJobColumns(layout.columns);
  const heading = layout.heading === 1 ? [headingLine(columns)] : [];
  const rows = state.jobs.total === 0 ? emptyLines(state) : jobLines(state, columns);
  return [...heading, ...fillLines(rows, layout.list), ...fillLines(detailLines(state), layout.detail)];
}

function headingLine(columns: readonly ColumnWidth[]): Line {
  const cells = columns.map(({ column, width }) => fitText(HEADINGS[column], width, sideOf(column)));
  return textLine(`  ${cells.join(' ')}`, 'faint');
}

function emptyLines(state: ConsoleState): readonly Line[] {
  const { listError: error, columns } = state;
  if (error !== undefined) {
    return [
      textLine('The jobs cannot be read.', 'danger'),
      ...wrappedLines(`${error.code}: ${safeText(error.message, 1000)}`, columns),
      ...wrappedLines(describeHint(error.code), columns, { tone: 'accent' }),
    ];
  }
  if (!state.jobs.isRead) return [textLine('  Reading the jobs...', 'faint')];
  if (state.filter !== '')
    return [textLine(`  No job matches '${safeText(state.filter, 60)}'. Esc clears the filter.`)];
  if (state.scope === 'attention') return [textLine('  No job needs attention. a shows all jobs.', 'good')];
  return [
    textLine('  There are no jobs here.', 'good'),
    textLine('  salvor run FILE starts one; salvor demo makes some that died.', 'faint'),
  ];
}

function jobLines(state: ConsoleState, columns: readonly ColumnWidth[]): readonly Line[] {
  return visibleRows(state.jobs).map(({ index, row }) => {
    const isSelected = index === state.jobs.cursor;
    const mark: Span = { text: isSelected ? `${CURSOR_MARK} ` : '  ', tone: 'plain' };
    if (row === undefined) return { spans: [mark, { text: '...', tone: 'faint' }], isSelected };
    const cells = describeJobCells(row);
    const spans = columns.map(({ column, width }, at): Span => {
      const text = column === 'bar' ? formatBar(shareDone(row.progress), width) : cells[column as keyof JobCells];
      return { text: (at === 0 ? '' : ' ') + fitText(text, width, sideOf(column)), tone: toneOf(column, row) };
    });
    return { spans: [mark, ...spans], isSelected };
  });
}

/** A bar of `width` cells; a job that is not quite done never shows a full one. */
export function formatBar(share: number, width: number): string {
  const full = share >= 1 ? width : Math.min(width - 1, Math.floor(share * width));
  return BAR_GLYPHS.done.repeat(Math.max(0, full)) + BAR_GLYPHS.left.repeat(Math.max(0, width - full));
}

function sideOf(column: JobColumn): 'left' | 'right' {
  return column === 'count' ? 'left' : 'right';
}

function toneOf(column: JobColumn, row: JobSummary): Tone {
  if (column === 'state') return ATTENTION_TONES[row.attention];
  return column === 'next' && row.recommended !== undefined ? 'accent' : 'plain';
}

function detailLines(state: ConsoleState): readonly Line[] {
  const row = rowAtCursor(state.jobs);
  if (row === undefined) return [];
  const error = row.lastError === undefined ? 'none' : describeJobCells(row).error;
  const attention = describeAttention(row);
  return [
    textLine(`Last error: ${error}`, row.lastError === undefined ? 'faint' : 'warning'),
    textLine(
      `${safeText(row.job.name, 60)}: ${describeVerdict(row, row.progress)}${attention === '' ? '' : ` (${attention})`}`,
    ),
    textLine(
      `${safeText(row.job.kind, 20)} from ${row.job.source}, id ${safeText(row.job.id, 60)}, recorded as ${safeText(row.status, 40)}`,
      'faint',
    ),
  ];
}
