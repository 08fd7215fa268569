import type { UnitFacts } from '../../../../core/evidence/schema.ts';
import type { UnitStatus } from '../../../../core/job/schema.ts';
import type { WriteBackValue } from '../schema.ts';

/** What is true of one row now. An absent value is one there is nothing to say of. */
export type RowValues = { readonly [value in WriteBackValue]?: string };

/** One row to be written: what is true of it, and the row as it was recorded, a JSON object as text. */
export type RowNow = { readonly values: RowValues; readonly dataJson: string };

/** Changes the records of a rows file: the header of a CSV, once, and then its rows. Text without line ends. */
export type RecordEditor = {
  /** The changed header; absent in a format that has none. */
  readonly header?: string;
  readonly editRow: (text: string, row: RowNow | undefined) => string;
};

/** A receipt proves an effect; of a row that is to be run (again) it proves nothing. */
const WITH_RECEIPT: readonly UnitStatus[] = ['done', 'in_doubt', 'needs_review', 'failed', 'skipped'];

/**
 * Says what is true of a row now, by its unit alone: whatever was written back before does not count.
 *
 * Units:  times become ISO-8601 UTC with milliseconds.
 * Errors: none.
 * Source: contract, job files (write_back); decisions/0013.
 */
export function translateRowValues(unit: UnitFacts): RowValues {
  const { status, receipt, error, finishedAtMs } = unit;
  return {
    status,
    attempts: String(unit.attempts),
    idempotency_key: unit.idempotencyKey,
    ...(receipt !== undefined && WITH_RECEIPT.includes(status) && { receipt }),
    ...(finishedAtMs !== undefined && { finished_at: new Date(finishedAtMs).toISOString() }),
    ...(error && { error: error.message, error_code: error.code }),
  };
}

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
