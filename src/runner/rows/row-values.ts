import type { WriteBackValue } from '../job-file/schema.ts';

/** What is known of one row. An absent value leaves an existing cell as it is and a new one empty. */
export type RowValues = { readonly [value in WriteBackValue]?: string };

/** Changes the records of a rows file: the header of a CSV, once, and then its rows. Text without line ends. */
export type RecordEditor = {
  /** The changed header; absent in a format that has none. */
  readonly header?: string;
  readonly editRow: (text: string, values: RowValues | undefined) => string;
};

/**
 * One value as it is written back. `error` is prose of another program: it becomes one line, and an apostrophe keeps
 * a spreadsheet from reading it as a formula. Everything else is an identifier or a time that programs compare, and
 * is written exactly.
 *
 * Errors: none; undefined when there is nothing to write.
 * Source: design, rule 11.
 */
export function findValue(values: RowValues | undefined, name: WriteBackValue): string | undefined {
  const value = values?.[name];
  return name === 'error' && value !== undefined ? formatProse(value) : value;
}

function formatProse(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').trim();
  return /^[=+\-@]/.test(line) ? `'${line}` : line;
}
