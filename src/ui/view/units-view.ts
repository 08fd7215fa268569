/** Lists of units: all of them, or those that wait for a decision. */
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { UnitStatus } from '../../core/job/schema.ts';
import { formatTime } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import type { Layout } from '../layout.ts';
import type { OpenJob } from '../state/console-state.ts';
import { visibleRows } from '../state/list-window.ts';
import { CURSOR_MARK, type Tone } from '../theme.ts';
import { fillLines, type Line, spanLine, textLine } from './line.ts';
import { fitText } from './text-width.ts';

const STATUS_TONES: Readonly<Record<UnitStatus, Tone>> = {
  pending: 'faint',
  in_doubt: 'inDoubt',
  done: 'good',
  failed: 'danger',
  skipped: 'faint',
  needs_review: 'warning',
};

/** Lines of a list of units; `title` stands where the row of views stands. */
export function assembleUnitsBody(job: OpenJob, layout: Layout, title: Line): readonly Line[] {
  const tabs = layout.tabs === 1 ? [title] : [];
  const heading = layout.heading === 1 ? [headingLine(layout.columns)] : [];
  const rows = job.units.total === 0 ? [emptyLine(job)] : unitLines(job, layout.columns);
  // A message may take rows from the end: the unit under the cursor stays in sight.
  const selected = rows.findIndex((row) => row.isSelected === true);
  const from = Math.max(0, selected - layout.paneList + 1);
  return [...tabs, ...heading, ...fillLines(rows.slice(from), layout.paneList)];
}

function widths(columns: number): { readonly number: number; readonly key: number; readonly status: number } {
  return { number: columns < 60 ? 4 : 7, key: columns < 60 ? 8 : columns < 100 ? 14 : 30, status: 12 };
}

function headingLine(columns: number): Line {
  const { number, key, status } = widths(columns);
  return textLine(
    `  ${fitText(columns < 60 ? 'NO' : 'NUMBER', number, 'left')} ${fitText('KEY', key)} ${fitText('STATE', status)} RECEIPT OR ERROR`,
    'faint',
  );
}

function emptyLine(job: OpenJob): Line {
  if (!job.units.isRead) return textLine('  Reading the units...', 'faint');
  if (!job.isReviewing) return textLine('  This job has no units.', 'good');
  return textLine('  Nothing waits for a decision any more. q goes back to the job.', 'good');
}

function unitLines(job: OpenJob, columns: number): readonly Line[] {
  const { number, key, status } = widths(columns);
  return visibleRows(job.units).map(({ index, row }) => {
    const isSelected = index === job.units.cursor;
    const mark = isSelected ? `${CURSOR_MARK} ` : '  ';
    if (row === undefined) return { ...spanLine([`${mark}...`, 'faint']), isSelected };
    return {
      ...spanLine(
        [`${mark}${fitText(String(row.number), number, 'left')} ${fitText(safeText(row.key, 100), key)} `, 'plain'],
        [fitText(row.status.replace('_', ' '), status), STATUS_TONES[row.status]],
        [` ${describeUnitEnd(row)}`, 'plain'],
      ),
      isSelected,
    };
  });
}

/** What is known of a unit's end: its receipt, its error, or how often it was tried. */
export function describeUnitEnd(unit: UnitFacts): string {
  const started = unit.startedAtMs === undefined ? '' : `started ${formatTime(unit.startedAtMs)}`;
  const parts = [
    unit.receipt === undefined ? '' : `receipt ${safeText(unit.receipt, 100)}`,
    unit.status === 'in_doubt' ? started : '',
    unit.error === undefined ? '' : `${safeText(unit.error.code, 60)}: ${safeText(unit.error.message, 200)}`,
    unit.attempts > 1 ? `${unit.attempts} attempts` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
