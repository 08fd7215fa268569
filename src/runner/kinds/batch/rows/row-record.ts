import type { BatchSpec } from '../schema.ts';

/** What of a specification is needed to read its rows. */
export type RowsSource = Pick<BatchSpec, 'rowsPath' | 'rowsFormat' | 'keyColumn'>;

/**
 * One row. `number` counts rows from 1; `key` is the key column's value, or the number; `dataJson` is the row as a
 * JSON object (of a .jsonl file: the line as it is written).
 */
export type RowRecord = { readonly number: number; readonly key: string; readonly dataJson: string };

/** Columns and rows as the reader of a format gives them; a chunk holds up to `ROWS_PER_CHUNK` rows. */
export type FormatRows = {
  readonly columns: readonly string[];
  readonly chunks: AsyncGenerator<readonly RowRecord[], void, undefined>;
};

/** How many rows a chunk has at most: enough for one transaction, few enough to stay small in memory. */
export const ROWS_PER_CHUNK = 500;
