import { RecoveryError } from '../../../../core/errors.ts';

/**
 * One line of a rows file, or several when a quoted cell holds line breaks.
 *
 * Shapes: `text` without its line end, one character per byte; `lineEnd` as it stands in the file, empty at the end of
 *         a file without one; `line` is the first line of the record, from 1.
 */
export type RawRecord = { readonly text: string; readonly lineEnd: '' | '\n' | '\r\n' | '\r'; readonly line: number };

/** A record larger than this is most likely a quote that was never closed. */
const LARGEST_RECORD = 16 * 1024 * 1024;

/**
 * Cuts text into records, in order, nothing lost: all texts and line ends together are the file. Empty lines are
 * records with an empty text.
 *
 * Shapes: `quotes` tells that it is CSV: a line break inside double quotes belongs to the record, and a carriage return
 *         alone ends one too, as some spreadsheets write it. In JSON lines it is space.
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
  const isReturned = options.quotes && rest.endsWith('\r');
  yield [isReturned ? { text: rest.slice(0, -1), lineEnd: '\r', line } : { text: rest, lineEnd: '', line }];
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
    const { at, lineEnd } = end;
    records.push({ text: text.slice(start, at), lineEnd, line });
    line += 1 + (end.isQuoted ? countLineEnds(text.slice(start, at)) : 0);
    start = at + lineEnd.length;
  }
}

/** Where a record ends, and with what; `isQuoted` tells that it may hold line breaks itself. */
type RecordEnd = { readonly at: number; readonly lineEnd: '\n' | '\r\n' | '\r'; readonly isQuoted: boolean };

/** Finds the line end of the record that starts at a place. A doubled quote closes and opens again. */
function makeEndFinder(text: string, quotes: boolean): (start: number) => RecordEnd | undefined {
  const findFeed = makeFinder(text, '\n');
  if (!quotes) {
    return (start) => {
      const at = findFeed(start);
      if (at === text.length) return undefined;
      const isPair = at > start && text[at - 1] === '\r';
      return { at: isPair ? at - 1 : at, lineEnd: isPair ? '\r\n' : '\n', isQuoted: false };
    };
  }
  const findQuote = makeFinder(text, '"');
  const findReturn = makeFinder(text, '\r');
  return (start) => {
    let from = start;
    let at = Math.min(findFeed(from), findReturn(from));
    while (findQuote(from) < at) {
      from = text.indexOf('"', findQuote(from) + 1) + 1;
      if (from === 0) return undefined;
      at = Math.min(findFeed(from), findReturn(from));
    }
    // Of a return at the very end nobody knows yet whether a line feed follows.
    if (at === text.length || (text[at] === '\r' && at + 1 === text.length)) return undefined;
    const lineEnd = text[at] === '\n' ? '\n' : text[at + 1] === '\n' ? '\r\n' : '\r';
    return { at, lineEnd, isQuoted: from > start };
  };
}

/**
 * Finds a character from places that only ever rise. What was found is kept, so that a file without it is searched for
 * it once, not once per line. Answers the text's length when there is none.
 */
function makeFinder(text: string, character: string): (from: number) => number {
  let found = text.indexOf(character);
  return (from) => {
    if (found !== -1 && found < from) found = text.indexOf(character, from);
    return found === -1 ? text.length : found;
  };
}

function countLineEnds(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
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
