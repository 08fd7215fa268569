import { BYTE_ORDER_MARK, decodeLatin1 } from './scan-file.ts';
import type { RawRecord } from './split-records.ts';

/**
 * Whether a record is no row: an empty line of a CSV file, a line of spaces of a .jsonl file. The byte order mark of
 * the first line does not count. Reading and writing back ask the same, so that they number rows alike.
 *
 * Errors: none.
 */
export function isBlankRecord(record: RawRecord, format: 'csv' | 'jsonl'): boolean {
  const text = removeMark(record);
  return format === 'csv' ? text === '' : text === '' || decodeLatin1(text).trim() === '';
}

/** A record's text without the byte order mark a file may start with, one character per byte. */
export function removeMark(record: RawRecord): string {
  const marked = record.line === 1 && record.text.startsWith(BYTE_ORDER_MARK);
  return marked ? record.text.slice(BYTE_ORDER_MARK.length) : record.text;
}
