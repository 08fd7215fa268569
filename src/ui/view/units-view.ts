/** Lists of units: all of them, or those that wait for a decision. */
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { UnitStatus } from '../../core/job/schema.ts';
import { formatTime } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import type { UnitWord } from '../../present/words.ts';
import type { Layout } from '../layout.ts';
import type { OpenJob, SettleDialog } from '../state/console-state.ts';
import { visibleRows } from '../state/list-window.ts';
import { CURSOR_MARK, type Tone } from '../theme.ts';
import { BLANK, fillLines, type Line, spanLine, textLine, wrappedLines } from './line.ts';
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
  return [...tabs, ...heading, ...fillLines(rows, layout.paneList)];
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

function hanging(text: string, columns: number): readonly Line[] {
  return wrappedLines(`  ${text}`, columns, { indent: 5 });
}

/** The dialog that settles one unit. */
export function assembleSettleBody(dialog: SettleDialog, word: UnitWord, columns: number): readonly Line[] {
  const { unit } = dialog;
  const facts = [
    textLine(`Settle ${word} ${unit.number} (${safeText(unit.key, 100)}), ${unit.status.replace('_', ' ')}`, 'title'),
    ...wrappedLines(
      `Known: ${describeUnitEnd(unit) || 'nothing'}. Idempotency key: ${safeText(unit.idempotencyKey, 200)}`,
      columns,
    ),
    BLANK,
  ];
  if (dialog.as === undefined) {
    return [
      ...facts,
      textLine('What is true about it?'),
      ...hanging('d  it was done: it is not run again', columns),
      ...hanging('p  it was not done: the next resume runs it again', columns),
      ...hanging('k  skip it: it counts as neither done nor left', columns),
    ];
  }
  const field = (name: 'receipt' | 'reason', label: string): Line => {
    const isHere = dialog.field === name;
    return spanLine(
      [`${isHere ? CURSOR_MARK : ' '} ${label}: `, isHere ? 'accent' : 'plain'],
      [`${safeText(dialog[name])}${isHere ? '_' : ''}`, 'plain'],
    );
  };
  return [
    ...facts,
    textLine(`Settle it as ${dialog.as}:`),
    ...(dialog.as === 'done' ? [field('receipt', 'Receipt (may stay empty)')] : []),
    field('reason', 'Reason (kept in the audit trail)'),
    BLANK,
    ...wrappedLines(
      dialog.field === 'receipt' ? 'Enter goes on to the reason.' : 'Enter settles it; nothing has been changed yet.',
      columns,
      { tone: 'faint' },
    ),
  ];
}
