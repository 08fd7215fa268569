import { RecoveryError } from '../../../../core/errors.ts';
import { findRepeatedName, splitMembers } from '../../../split-members.ts';
import { isBlankRecord, removeMark } from './is-blank-record.ts';
import { type FormatRows, ROWS_PER_CHUNK, type RowRecord, type RowsSource } from './row-record.ts';
import { decodeLatin1 } from './scan-file.ts';
import type { RawRecord } from './split-records.ts';

/**
 * Reads JSON lines: every line that is not blank is one JSON object. The line is kept as it is written, so that
 * numbers beyond 2^53 survive.
 *
 * Shapes: `columns` are the members of the first row; later rows may have others.
 * Errors: ROWS_INVALID with row and line (no object, no key, a key that is neither text nor a number, a number that can be
 *         spelled otherwise, text that is no Unicode).
 * Source: contract, job files (rows, key).
 */
export async function readJsonlRows(
  batches: AsyncGenerator<readonly RawRecord[], void, undefined>,
  source: RowsSource,
): Promise<FormatRows> {
  const chunks = readRows(batches, source);
  const first = await chunks.next();
  if (first.done) return { columns: [], chunks };
  const firstRow = first.value[0]?.dataJson ?? '{}';
  return {
    columns: [...new Set(splitMembers(firstRow).map((member) => member.name))],
    chunks: prepend(first.value, chunks),
  };
}

async function* prepend<T>(first: T, rest: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}

async function* readRows(
  batches: AsyncIterable<readonly RawRecord[]>,
  source: RowsSource,
): AsyncGenerator<readonly RowRecord[], void, undefined> {
  let number = 0;
  let chunk: RowRecord[] = [];
  for await (const records of batches) {
    for (const record of records) {
      if (isBlankRecord(record, 'jsonl')) continue;
      number += 1;
      const dataJson = decodeLatin1(removeMark(record)).trim();
      chunk.push({ number, key: parseRow(dataJson, { source, line: record.line, row: number }), dataJson });
      if (chunk.length < ROWS_PER_CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

type Place = { readonly source: RowsSource; readonly line: number; readonly row: number };

/** Whole numbers, and decimals without zeros at their end: 1, 1.0 and 1e0 would be three keys of one number. */
const ONE_SPELLING = /^(?:0|-?[1-9]\d*|-?\d+\.\d*[1-9])$/;

/** Checks a row and answers its key. */
function parseRow(dataJson: string, place: Place): string {
  let row: unknown;
  try {
    row = JSON.parse(dataJson);
  } catch (cause) {
    throw refuse(place, `this is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw refuse(place, 'this is not a JSON object');
  const repeated = findRepeatedName(splitMembers(dataJson));
  if (repeated !== undefined) throw refuse(place, `the member ${repeated} stands twice`);
  const column = place.source.keyColumn;
  if (column === undefined) return String(place.row);
  return readKey(Object.getOwnPropertyDescriptor(row, column)?.value, { place, column, dataJson });
}

type KeyPlace = { readonly place: Place; readonly column: string; readonly dataJson: string };

function readKey(value: unknown, { place, column, dataJson }: KeyPlace): string {
  if (value === undefined || value === '')
    throw refuse(place, `the key ${column} is ${value === '' ? 'empty' : 'missing'}`);
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw refuse(place, `the key ${column} holds half a surrogate pair, so it is no text`);
  }
  if (typeof value === 'number') {
    const written = readNumber(dataJson, column);
    if (ONE_SPELLING.test(written)) return written;
    throw refuse(
      place,
      `the key ${column} is ${written}, a number with other spellings; write it as text or without them`,
    );
  }
  throw refuse(place, `the key ${column} is neither text nor a number`);
}

/** A number as it is written: parsed, 9007199254740993 would become its neighbour. */
function readNumber(dataJson: string, column: string): string {
  const member = splitMembers(dataJson).findLast(({ name }) => name === column);
  return member ? dataJson.slice(member.start, member.end) : '';
}

function refuse(place: Place, what: string): RecoveryError {
  const path = place.source.rowsPath;
  return new RecoveryError('ROWS_INVALID', `${path}, row ${place.row}, line ${place.line}: ${what}`, {
    details: { path, row: place.row, line: place.line },
  });
}
