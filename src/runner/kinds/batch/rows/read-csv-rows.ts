import { RecoveryError } from '../../../../core/errors.ts';
import { describeNearestName } from '../../../../core/find-nearest-name.ts';
import { isBlankRecord, removeMark } from './is-blank-record.ts';
import { type FormatRows, ROWS_PER_CHUNK, type RowRecord, type RowsSource } from './row-record.ts';
import { decodeLatin1 } from './scan-file.ts';
import { parseCell, splitCells } from './split-cells.ts';
import type { RawRecord } from './split-records.ts';

type Header = { readonly columns: readonly string[]; readonly members: readonly string[]; readonly keyIndex: number };

/**
 * Reads CSV: a header, then rows of as many cells. Empty lines are skipped.
 *
 * Errors: ROWS_INVALID (ragged row, misplaced quote, empty or repeated column name, row without a key), with row and
 *         line; JOB_FILE_INVALID for a key column the header does not have.
 * Source: contract, job files (rows, key); RFC 4180.
 */
export async function readCsvRows(
  batches: AsyncGenerator<readonly RawRecord[], void, undefined>,
  source: RowsSource,
): Promise<FormatRows> {
  const first = await readHeader(batches, source);
  return { columns: first.header.columns, chunks: readRows(batches, source, first) };
}

type First = { readonly header: Header; readonly rest: readonly RawRecord[] };

async function readHeader(batches: AsyncGenerator<readonly RawRecord[]>, source: RowsSource): Promise<First> {
  for (let batch = await batches.next(); !batch.done; batch = await batches.next()) {
    const index = batch.value.findIndex((record) => !isBlankRecord(record, 'csv'));
    const record = batch.value[index];
    if (record) return { header: parseHeader(record, source), rest: batch.value.slice(index + 1) };
  }
  throw refuse(source, { line: 1 }, 'it has no header');
}

function parseHeader(record: RawRecord, source: RowsSource): Header {
  const columns = splitCells(decodeLatin1(removeMark(record)))?.map(parseCell);
  const place = { line: record.line };
  if (!columns) throw refuse(source, place, 'its header has a quote inside an unquoted name');
  const empty = columns.findIndex((name) => name.trim() === '');
  if (empty !== -1) throw refuse(source, place, `column ${empty + 1} of its header has no name`);
  const repeated = findRepeated(columns);
  if (repeated !== undefined) throw refuse(source, place, `its header has two columns named ${repeated}`);
  return { columns, members: columns.map((name) => `${JSON.stringify(name)}:`), keyIndex: findKey(columns, source) };
}

function findRepeated(columns: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return columns.find((name) => seen.size === seen.add(name).size);
}

function findKey(columns: readonly string[], source: RowsSource): number {
  if (source.keyColumn === undefined) return -1;
  const index = columns.indexOf(source.keyColumn);
  if (index !== -1) return index;
  const nearest = describeNearestName(source.keyColumn, columns);
  throw new RecoveryError('JOB_FILE_INVALID', `key: ${source.rowsPath} has no column ${source.keyColumn}${nearest}`, {
    details: { key: source.keyColumn, columns },
  });
}

async function* readRows(
  batches: AsyncIterable<readonly RawRecord[]>,
  source: RowsSource,
  first: First,
): AsyncGenerator<readonly RowRecord[], void, undefined> {
  let number = 0;
  let chunk: RowRecord[] = [];
  const take = function* (records: readonly RawRecord[]) {
    for (const record of records) {
      if (isBlankRecord(record, 'csv')) continue;
      number += 1;
      chunk.push(parseRow(record, number, { source, header: first.header }));
      if (chunk.length < ROWS_PER_CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  };
  yield* take(first.rest);
  for await (const records of batches) yield* take(records);
  if (chunk.length > 0) yield chunk;
}

function parseRow(
  record: RawRecord,
  number: number,
  context: { readonly source: RowsSource; readonly header: Header },
): RowRecord {
  const { source, header } = context;
  const place = { line: record.line, row: number };
  const cells = splitCells(decodeLatin1(record.text));
  if (!cells) throw refuse(source, place, 'a cell has a quote inside, but is not quoted as a whole');
  if (cells.length !== header.columns.length) {
    throw refuse(source, place, `found ${cells.length} cells, expected ${header.columns.length} as in the header`);
  }
  const key = header.keyIndex === -1 ? String(number) : parseCell(cells[header.keyIndex] ?? '');
  if (key === '') throw refuse(source, place, `the key column ${source.keyColumn} is empty`);
  let dataJson = '{';
  for (let index = 0; index < cells.length; index++) {
    dataJson += `${index === 0 ? '' : ','}${header.members[index]}${formatJsonText(parseCell(cells[index] ?? ''))}`;
  }
  dataJson += '}';
  return { number, key, dataJson };
}

function refuse(
  source: RowsSource,
  place: { readonly line: number; readonly row?: number },
  what: string,
): RecoveryError {
  const row = place.row === undefined ? '' : `row ${place.row}, `;
  return new RecoveryError('ROWS_INVALID', `${source.rowsPath}, ${row}line ${place.line}: ${what}`, {
    details: { path: source.rowsPath, ...place },
  });
}

/** A million plain cells are written faster without asking what to escape. */
function formatJsonText(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}
