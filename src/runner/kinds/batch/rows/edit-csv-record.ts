import { RecoveryError } from '../../../../core/errors.ts';
import { readTextMembers } from '../../../split-members.ts';
import type { BatchSpec } from '../schema.ts';
import { findValue, type RecordEditor, type RowNow } from './row-values.ts';
import { formatCell, parseCell, splitCells } from './split-cells.ts';

/**
 * Makes the editor of a CSV file from its header: columns the header has are replaced cell by cell, others are added
 * at the end. Where there is nothing to say a cell gets what the row was recorded with, which is nothing in a column
 * that was added. Cells that do not change keep their writing.
 *
 * Errors: ROWS_FILE_CHANGED when the header is no header.
 * Source: contract, job files (write_back); decisions/0013.
 */
export function makeCsvEditor(header: string, writeBack: BatchSpec['writeBack']): RecordEditor {
  const places = new Map(readCells(header.replace(/^\ufeff/, '')).map((cell, index) => [parseCell(cell), index]));
  const replaced = writeBack.flatMap(({ column, value }) => {
    const at = places.get(column);
    return at === undefined ? [] : [{ column, value, at }];
  });
  const added = writeBack.filter(({ column }) => !places.has(column));
  return {
    header: [header, ...added.map(({ column }) => formatCell(column))].join(','),
    editRow: (text, row) => {
      const appended = added.map(({ value }) => formatCell(findValue(row?.values, value) ?? ''));
      if (replaced.length === 0 || row === undefined) return [text, ...appended].join(',');
      const cells = [...readCells(text)];
      const recorded = makeRecordedReader(row);
      for (const { column, value, at } of replaced) {
        const wanted = findValue(row.values, value) ?? recorded(column);
        if (parseCell(cells[at] ?? '') !== wanted) cells[at] = formatCell(wanted);
      }
      return [...cells, ...appended].join(',');
    },
  };
}

/** What a row was recorded with, parsed once and only when it is asked for. */
function makeRecordedReader({ dataJson }: RowNow): (column: string) => string {
  let members: ReadonlyMap<string, string> | undefined;
  return (column) => {
    members ??= readTextMembers(dataJson);
    return members.get(column) ?? '';
  };
}

function readCells(text: string): readonly string[] {
  const cells = splitCells(text);
  if (!cells) throw new RecoveryError('ROWS_FILE_CHANGED', 'the rows file is no longer the CSV file it was');
  return cells;
}
