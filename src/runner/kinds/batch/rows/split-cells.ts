/**
 * Cuts one CSV record into its cells as they are written, quotes included.
 *
 * Shapes: a record without its line end; joined by commas the cells are the record again.
 * Errors: none; undefined when a quote stands inside an unquoted cell or text follows a closing quote.
 * Source: RFC 4180, section 2.
 */
export function splitCells(record: string): readonly string[] | undefined {
  if (!record.includes('"')) return record.split(',');
  const cells: string[] = [];
  let start = 0;
  for (;;) {
    const end = findCellEnd(record, start);
    if (end === undefined) return undefined;
    cells.push(record.slice(start, end));
    if (end === record.length) return cells;
    start = end + 1;
  }
}

/** The value a written cell stands for. */
export function parseCell(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written;
}

/** A value as a cell: quoted when it holds what a reader would take for structure, or space at its ends. */
export function formatCell(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function findCellEnd(record: string, start: number): number | undefined {
  if (record[start] === '"') return findQuotedEnd(record, start);
  const comma = record.indexOf(',', start);
  const end = comma === -1 ? record.length : comma;
  const quote = record.indexOf('"', start);
  return quote !== -1 && quote < end ? undefined : end;
}

function findQuotedEnd(record: string, start: number): number | undefined {
  let closing = record.indexOf('"', start + 1);
  while (closing !== -1 && record[closing + 1] === '"') closing = record.indexOf('"', closing + 2);
  if (closing === -1) return undefined;
  const end = closing + 1;
  return end === record.length || record[end] === ',' ? end : undefined;
}
