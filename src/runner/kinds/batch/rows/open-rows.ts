import { stat } from 'node:fs/promises';
import { RecoveryError } from '../../../../core/errors.ts';
import type { FileDigest } from '../../../../platform/digest-file.ts';
import { readCsvRows } from './read-csv-rows.ts';
import { readJsonlRows } from './read-jsonl-rows.ts';
import type { FormatRows, RowRecord, RowsSource } from './row-record.ts';
import { scanFile } from './scan-file.ts';
import { type RawRecord, splitRecords } from './split-records.ts';

/**
 * A rows file being read once.
 *
 * Shapes: `columns` are the header's, or the members of the first line of a .jsonl file; `chunks` hold up to
 *         `ROWS_PER_CHUNK` rows, in order; `digest` is of the whole file and only there after the last chunk.
 */
export type OpenedRows = {
  readonly columns: readonly string[];
  readonly chunks: AsyncIterable<readonly RowRecord[]>;
  readonly digest: () => FileDigest;
  /** Closes the file when the chunks are not read to their end. */
  readonly close: () => Promise<void>;
};

/**
 * Opens a rows file, reads its header and streams its rows in constant memory.
 *
 * Errors: ROWS_INVALID with row and line for what cannot be a row (also while the chunks are read); JOB_FILE_INVALID
 *         for a key column the file does not have. Duplicate keys are found where rows are stored.
 * Source: contract, job files (rows, key).
 */
export async function openRows(source: RowsSource): Promise<OpenedRows> {
  await checkFile(source.rowsPath);
  const scan = scanFile(source.rowsPath);
  const records = splitRecords(scan.text, { path: source.rowsPath, quotes: source.rowsFormat === 'csv' });
  const closeFile = async () => {
    await records.return();
    await scan.text.return();
  };
  const { columns, chunks } = await readFormat(records, source).catch(async (error: unknown) => {
    await closeFile();
    throw error;
  });
  return {
    columns,
    chunks,
    digest: () => {
      const digest = scan.digest();
      if (digest === undefined)
        throw new RecoveryError('INTERNAL', 'the digest of the rows was asked before their end');
      return digest;
    },
    close: async () => {
      await chunks.return();
      await closeFile();
    },
  };
}

function readFormat(
  records: AsyncGenerator<readonly RawRecord[], void, undefined>,
  source: RowsSource,
): Promise<FormatRows> {
  return source.rowsFormat === 'csv' ? readCsvRows(records, source) : readJsonlRows(records, source);
}

async function checkFile(path: string): Promise<void> {
  try {
    // Only a regular file can be read again on resume, and a named pipe would wait for ever.
    if ((await stat(path)).isFile()) return;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const reason = missing
      ? 'does not exist'
      : `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new RecoveryError('ROWS_INVALID', `the rows file ${path} ${reason}`, { details: { path }, cause });
  }
  throw new RecoveryError('ROWS_INVALID', `the rows file ${path} is not a regular file`, { details: { path } });
}
