import { RecoveryError } from '../../core/errors.ts';
import type { BatchSpec } from '../job-file/schema.ts';
import { findValue, type RecordEditor } from './row-values.ts';
import { formatCell, parseCell, splitCells } from './split-cells.ts';

/**
 * Makes the editor of a CSV file from its header: columns the header has are replaced cell by cell, others are added
 * at the end. Cells that do not change keep their writing.
 *
 * Errors: ROWS_FILE_CHANGED when the header is no header.
 * Source: contract, job files (write_back).
 */
export function makeCsvEditor(header: string, writeBack: BatchSpec['writeBack']): RecordEditor {
  const columns = readCells(header.replace(/^\ufeff/, '')).map(parseCell);
  const replaced = writeBack.filter(({ column }) => columns.includes(column));
  const added = writeBack.filter(({ column }) => !columns.includes(column));
  return {
    header: [header, ...added.map(({ column }) => formatCell(column))].join(','),
    editRow: (text, values) => {
      const appended = added.map(({ value }) => formatCell(findValue(values, value) ?? ''));
      if (replaced.length === 0) return [text, ...appended].join(',');
      const cells = [...readCells(text)];
      for (const { column, value } of replaced) {
        const found = findValue(values, value);
        if (found !== undefined) cells[columns.indexOf(column)] = formatCell(found);
      }
      return [...cells, ...appended].join(',');
    },
  };
}

function readCells(text: string): readonly string[] {
  const cells = splitCells(text);
  if (!cells) throw new RecoveryError('ROWS_FILE_CHANGED', 'the rows file is no longer the CSV file it was');
  return cells;
}
