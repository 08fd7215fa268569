import type { TornLine } from '../../core/families/training-control/schema.ts';
import { parseExactJson, readInteger } from '../../platform/exact-json/exact-json.ts';
import { makeJsonScanner } from '../../platform/exact-json/make-json-scanner.ts';
import { type FileProblem, readSmallFile } from './read-json-file.ts';

/** A log of this size has millions of rows; anything larger is another file. Unit: bytes. */
const LARGEST_BYTES = 512 * 1024 * 1024;
/** A row is a few hundred bytes: a longer last line is no row that was cut short. */
const LONGEST_TORN_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** One row. `line` counts from 1 and counts blank lines too; `value` keeps every number as it stands. */
export type AuditRow = {
  readonly line: number;
  readonly action: string;
  readonly actionId?: string;
  readonly atMs?: number;
  readonly value: Readonly<Record<string, unknown>>;
  /** What a strict reader would not take of it. */
  readonly oddity?: string;
};

/** A line that is no row. */
export type BadLine = { readonly line: number; readonly expected: string; readonly found: string };

/** The audit log as it was found. Rows are in file order and end at the first bad line. */
export type AuditLog = {
  readonly state: 'missing' | 'valid' | 'invalid' | 'unreadable';
  readonly problem?: FileProblem;
  readonly rows: readonly AuditRow[];
  readonly badLine?: BadLine;
  /** A last line that was cut short; its bytes are not in `rows`. */
  readonly tornLine?: TornLine;
};

/**
 * Replays the audit log.
 *
 * Shapes: a row needs its action alone; blank lines are skipped. A last line without a newline that is no row was cut
 *         short by a crash; any other bad line is a fault. It is written to, so a link is no log.
 * Errors: none; what is wrong is part of the answer.
 * Source: formats/tau 2.2, 3 (resume, 1) and 4.12; design, rule 9.
 */
export async function readAuditLog(path: string): Promise<AuditLog> {
  const read = await readSmallFile(path, { largestBytes: LARGEST_BYTES, links: 'refused' });
  if (read.state === 'missing') return { state: 'missing', rows: [] };
  if (read.state === 'unreadable') return { state: 'unreadable', problem: read.problem, rows: [] };
  return replayAudit(read.bytes);
}

/** Replays the bytes of an audit log. Same bytes, same answer. */
export function replayAudit(bytes: Buffer): AuditLog {
  const rows: AuditRow[] = [];
  let line = 0;
  for (let offset = 0; offset < bytes.length; ) {
    line += 1;
    const newline = bytes.indexOf(NEWLINE, offset);
    const end = newline < 0 ? bytes.length : newline;
    const row = parseRow(bytes.subarray(offset, end), line);
    if (row === 'bad') {
      const sizeBytes = end - offset;
      if (newline < 0 && sizeBytes <= LONGEST_TORN_BYTES) {
        return { state: 'valid', rows, tornLine: { line, offset, sizeBytes } };
      }
      return { state: 'invalid', rows, badLine: describeBad(bytes.subarray(offset, end), line) };
    }
    if (row) rows.push(row);
    offset = end + 1;
  }
  return { state: 'valid', rows };
}

/** The lines of a log that can be read, as they stand. */
export function keepGoodLines(bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let offset = 0, line = 1; offset < bytes.length; line += 1) {
    const newline = bytes.indexOf(NEWLINE, offset);
    const end = newline < 0 ? bytes.length : newline;
    const one = bytes.subarray(offset, end);
    if (parseRow(one, line) !== 'bad') kept.push(one, Buffer.from([NEWLINE]));
    offset = end + 1;
  }
  return Buffer.concat(kept);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseRow(bytes: Buffer, line: number): AuditRow | 'bad' | undefined {
  try {
    const text = strictUtf8.decode(bytes);
    if (/^\p{White_Space}*$/u.test(text)) return undefined;
    const value = parseExactJson(text);
    const oddity = findOddity(text, bytes);
    if (!isObject(value) || typeof value['action'] !== 'string') return 'bad';
    const { action, salvor_action_id: actionId, timestamp_unix_ms: at } = value;
    const atMs = toTimeMs(readInteger(at));
    return {
      line,
      // Half a surrogate pair passes no reader; it is told, and never written again.
      action: action.toWellFormed(),
      value,
      ...(oddity !== undefined && { oddity }),
      ...(typeof actionId === 'string' && { actionId }),
      ...(atMs !== undefined && { atMs }),
    };
  } catch {
    return 'bad';
  }
}

/** A plain key, and the colon behind it; one that is escaped is seen by its backslash. */
const KEY = /"([^"\\]*)"\s*:/g;

/** What a strict reader would refuse: only escapes and keys that stand twice can be of that kind here. */
function findOddity(text: string, bytes: Buffer): string | undefined {
  const keys = [...text.matchAll(KEY)].map(([, key]) => key);
  if (!text.includes('\\u') && new Set(keys).size === keys.length) return undefined;
  const scanner = makeJsonScanner({ isWanted: () => false });
  if (scanner.push(bytes) && scanner.end()) return undefined;
  const { offset = 0, expected = '', found = '' } = scanner.problem() ?? {};
  return `at its byte ${offset}: expected ${expected}, found ${found}`;
}

function describeBad(bytes: Buffer, line: number): BadLine {
  const text = bytes.subarray(0, 80).toString('utf8');
  return { line, expected: 'a JSON object with an action', found: JSON.stringify(text) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value);
}

/** The latest instant a date can hold. Unit: epoch milliseconds. */
export const LATEST_MS = 8.64e15;

/** A u64 of milliseconds as an instant that can be shown; what lies beyond every date is the latest date. */
export function toTimeMs(value: number | bigint | undefined): number | undefined {
  if (value === undefined || value < 0) return undefined;
  return Math.min(Number(value), LATEST_MS);
}
