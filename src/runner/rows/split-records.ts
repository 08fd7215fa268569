import { RecoveryError } from '../../core/errors.ts';

/**
 * One line of a rows file, or several when a quoted cell holds line breaks.
 *
 * Shapes: `text` without its line end, one character per byte; `lineEnd` as it stands in the file, empty at the end of
 *         a file without one; `line` is the first line of the record, from 1.
 */
export type RawRecord = { readonly text: string; readonly lineEnd: '' | '\n' | '\r\n'; readonly line: number };

/** A record larger than this is most likely a quote that was never closed. */
const LARGEST_RECORD = 16 * 1024 * 1024;

/**
 * Cuts text into records, in order, nothing lost: all texts and line ends together are the file. Empty lines are
 * records with an empty text.
 *
 * Shapes: `quotes` tells whether a line break inside double quotes belongs to the record (CSV).
 * Errors: ROWS_INVALID for a quote that is not closed and for a record above 16 MiB, with the line it starts at.
 */
export async function* splitRecords(
  pieces: AsyncIterable<string>,
  options: { readonly path: string; readonly quotes: boolean },
): AsyncGenerator<readonly RawRecord[], void, undefined> {
  let rest = '';
  let line = 1;
  for await (const piece of pieces) {
    const cut = cutRecords(rest + piece, line, options.quotes);
    rest = cut.rest;
    line = cut.line;
    if (rest.length > LARGEST_RECORD) throw refuse(options.path, line, `is larger than ${LARGEST_RECORD} bytes`);
    yield cut.records;
  }
  if (rest === '') return;
  if (options.quotes && countQuotes(rest) % 2 === 1) throw refuse(options.path, line, 'has a quote that is not closed');
  yield [{ text: rest, lineEnd: '', line }];
}

type Cut = { readonly records: readonly RawRecord[]; readonly rest: string; readonly line: number };

function cutRecords(text: string, firstLine: number, quotes: boolean): Cut {
  const records: RawRecord[] = [];
  let start = 0;
  let line = firstLine;
  const findEnd = makeEndFinder(text, quotes);
  for (;;) {
    const end = findEnd(start);
    if (end === undefined) return { records, rest: text.slice(start), line };
    const lineEnd = end.at > start && text[end.at - 1] === '\r' ? '\r\n' : '\n';
    records.push({ text: text.slice(start, end.at + 1 - lineEnd.length), lineEnd, line });
    line += 1 + end.innerLines;
    start = end.at + 1;
  }
}

type RecordEnd = { readonly at: number; readonly innerLines: number };

/** Finds the line break that ends the record that starts at a place. A doubled quote closes and opens again. */
function makeEndFinder(text: string, quotes: boolean): (start: number) => RecordEnd | undefined {
  let quote = quotes ? text.indexOf('"') : -1;
  // Looked for once and kept: a file without quotes is searched for them once, not once per line.
  const findQuote = (from: number) => {
    if (quote !== -1 && quote < from) quote = text.indexOf('"', from);
    return quote === -1 ? text.length : quote;
  };
  return (start) => {
    let from = start;
    let at = text.indexOf('\n', from);
    while (at !== -1 && findQuote(from) < at) {
      from = text.indexOf('"', findQuote(from) + 1) + 1;
      if (from === 0) return undefined;
      at = text.indexOf('\n', from);
    }
    return at === -1 ? undefined : { at, innerLines: countLines(text, start, at) };
  };
}

function countLines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) count += 1;
  return count;
}

function refuse(path: string, line: number, what: string): RecoveryError {
  return new RecoveryError('ROWS_INVALID', `${path}, line ${line}: the record that starts here ${what}`, {
    details: { path, line },
  });
}
