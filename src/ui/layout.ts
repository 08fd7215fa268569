/** Sizes of everything on the screen, as a function of the terminal's size alone. */

/** Rows of each part; parts that do not fit are 0. `body` is what is between title and notice. */
export type Layout = {
  readonly columns: number;
  readonly rows: number;
  readonly title: 0 | 1;
  readonly body: number;
  readonly notice: 0 | 1;
  readonly footer: 0 | 1 | 2;
  /** Column headings of a list, and the rows of the list itself. */
  readonly heading: 0 | 1;
  readonly list: number;
  /** What the jobs screen says about the job under the cursor. */
  readonly detail: 0 | 1 | 2 | 3;
  /** The row of views of an open job, and the text below it. */
  readonly tabs: 0 | 1;
  readonly paneText: number;
  readonly paneList: number;
  /** The choices of a job: rows of the menu and of the prompt above it. */
  readonly menu: number;
  readonly prompt: number;
};

/** The most rows the menu of choices has: resume, restart, stop, cancel, review. */
export const MENU_ROWS = 5;

/**
 * Lays out a terminal of `columns` x `rows` cells. Sizes that are missing or not positive count as 80 x 24.
 *
 * Shapes: title + body + notice + footer = rows, always; every part of the body fits the body.
 * Source: terminal traps 5 and 10 (a frame is never taller than the terminal, nothing overlaps).
 */
export function layoutConsole(size: {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}): Layout {
  const columns = positive(size.columns, 80);
  const rows = positive(size.rows, 24);
  const title = rows >= 3 ? 1 : 0;
  const footer = footerRows(columns, rows);
  const notice = rows >= 8 ? 1 : 0;
  const body = rows - title - footer - notice;
  const heading = body >= 5 ? 1 : 0;
  const detail = detailRows(body);
  const tabs = body >= 9 ? 1 : 0;
  const menu = Math.min(MENU_ROWS, body);
  return {
    columns,
    rows,
    title,
    body,
    notice,
    footer,
    heading,
    list: body - heading - detail,
    detail,
    tabs,
    paneText: body - tabs,
    paneList: Math.max(0, body - tabs - heading),
    menu,
    prompt: body - tabs - menu,
  };
}

function positive(value: number | undefined, otherwise: number): number {
  return value !== undefined && value > 0 ? Math.floor(value) : otherwise;
}

function footerRows(columns: number, rows: number): 0 | 1 | 2 {
  if (rows < 4) return 0;
  return rows >= 12 && columns < 100 ? 2 : 1;
}

function detailRows(body: number): 0 | 1 | 2 | 3 {
  if (body < 8) return 0;
  return body >= 14 ? 3 : 1;
}

/** Columns of the jobs list, in the order they stand. */
export const JOB_COLUMNS = ['name', 'state', 'bar', 'count', 'proof', 'next', 'stopped', 'error'] as const;
export type JobColumn = (typeof JOB_COLUMNS)[number];

/** A column with its width in cells; a gap of one cell stands before each but the first. */
export type ColumnWidth = { readonly column: JobColumn; readonly width: number };

const LEAST: Readonly<Record<JobColumn, number>> = {
  name: 8,
  state: 14,
  count: 11,
  next: 7,
  proof: 14,
  bar: 10,
  stopped: 20,
  error: 20,
};

/** Which columns matter most; what does not fit is left out from the end. */
const IMPORTANCE: readonly JobColumn[] = ['name', 'state', 'count', 'next', 'proof', 'bar', 'stopped', 'error'];

/** Cells of the cursor mark at the left edge of a list. */
export const MARK_WIDTH = 2;

/**
 * Which columns a list of `columns` cells shows, and how wide. The name takes what is left, up to 40 cells; the error
 * takes the rest.
 *
 * Shapes: mark, widths and gaps together are never more than `columns`. Errors: none.
 */
export function layoutJobColumns(columns: number): readonly ColumnWidth[] {
  const room = columns - MARK_WIDTH;
  const shown = new Set<JobColumn>();
  let used = -1;
  for (const column of IMPORTANCE) {
    const needed = LEAST[column] + 1;
    if (used + needed > room) break;
    shown.add(column);
    used += needed;
  }
  if (shown.size === 0) return room > 0 ? [{ column: 'name', width: room }] : [];
  const spare = room - used;
  const forName = shown.has('error') ? Math.min(spare, 32) : spare;
  const extra: Readonly<Partial<Record<JobColumn, number>>> = { name: forName, error: spare - forName };
  return JOB_COLUMNS.filter((column) => shown.has(column)).map((column) => ({
    column,
    width: LEAST[column] + (extra[column] ?? 0),
  }));
}
