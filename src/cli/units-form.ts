/** The forms in which units are said: JSON and CSV for programs, lines for people. */
import type { JobRef } from '../core/job/schema.ts';
import type { UnitRecord } from '../core/ports.ts';
import { formatExactJson, parseExactJson } from '../platform/exact-json/exact-json.ts';
import { formatTime } from '../present/format.ts';
import { safeJson, safeText } from '../present/safe-text.ts';
import { findKind } from '../runner/kinds/registry.ts';
import { describeUnitStatus } from './holds-units.ts';

/** Says units one after the other: what stands before, between and after them, and each of them. */
export type UnitsForm = {
  readonly before: string;
  readonly between: string;
  readonly after: (count: number) => string;
  readonly formatUnit: (unit: UnitRecord) => string;
};

/** One JSON document. Source: contract, commands (units). */
export function makeJsonForm({ id, name, kind, source }: JobRef): UnitsForm {
  const formatPath = findKind(kind)?.formatPath;
  return {
    before: `{"schema_version":1,"job":${safeJson(formatExactJson({ id, name, kind, source }))},"units":[`,
    between: ',',
    after: (count) => `],"total":${count}}\n`,
    formatUnit: (unit) =>
      safeJson(
        formatExactJson({
          number: unit.number,
          key: unit.key,
          path: formatPath?.(unit) ?? null,
          status: unit.status,
          receipt: unit.receipt ?? null,
          attempts: unit.attempts,
          started_at: formatIso(unit.startedAtMs) ?? null,
          finished_at: formatIso(unit.finishedAtMs) ?? null,
          error: unit.error ? { code: unit.error.code, message: unit.error.message } : null,
          idempotency_key: unit.idempotencyKey,
          row: parseRecorded(unit.dataJson),
          result: parseRecorded(unit.resultJson),
        }),
      ),
  };
}

/** Numbers keep every digit; what is not JSON is shown as the text it is. */
function parseRecorded(json: string | undefined): unknown {
  if (json === undefined) return null;
  try {
    return parseExactJson(json);
  } catch {
    return json;
  }
}

type CsvColumn = readonly [name: string, read: (unit: UnitRecord) => string | undefined];

const CSV_COLUMNS: readonly CsvColumn[] = [
  ['number', (unit) => String(unit.number)],
  ['key', (unit) => unit.key],
  ['status', (unit) => unit.status],
  ['receipt', (unit) => unit.receipt],
  ['attempts', (unit) => String(unit.attempts)],
  ['started_at', (unit) => formatIso(unit.startedAtMs)],
  ['finished_at', (unit) => formatIso(unit.finishedAtMs)],
  ['error_code', (unit) => unit.error?.code],
  ['error', (unit) => unit.error && defuse(unit.error.message)],
  ['idempotency_key', (unit) => unit.idempotencyKey],
  ['row', (unit) => unit.dataJson],
  ['result', (unit) => unit.resultJson],
];

/**
 * CSV with a header; row and result are JSON. Cells are exact where a program reads them, and made safe where they would
 * meet a terminal.
 *
 * Source: decisions/0009.
 */
export function makeCsvForm(isTerminal: boolean): UnitsForm {
  const formatCell = (value = '') => quoteCell(isTerminal ? safeText(value, 10_000) : value);
  return {
    before: `${CSV_COLUMNS.map(([name]) => name).join(',')}\n`,
    between: '',
    after: () => '',
    formatUnit: (unit) => `${CSV_COLUMNS.map(([, read]) => formatCell(read(unit))).join(',')}\n`,
  };
}

/** Prose of another program: an apostrophe keeps a spreadsheet from reading it as a formula. */
function defuse(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quoteCell(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A line for each. What a living runner has begun is in its hand, and nobody doubts it. */
export function makeTextForm(ref: JobRef, runnerLives: boolean): UnitsForm {
  return {
    before: '',
    between: '',
    after: (count) => `${count} of job '${safeText(ref.name, 200)}' (${ref.id}).\n`,
    formatUnit: ({ number, key, status, attempts, receipt, finishedAtMs, error }) => {
      const parts = [
        `#${number}`.padEnd(8),
        safeText(key, 60),
        describeUnitStatus(status, runnerLives),
        `attempts ${attempts}`,
        finishedAtMs === undefined ? '' : formatTime(finishedAtMs),
        receipt === undefined ? '' : `receipt ${safeText(receipt, 80)}`,
        error ? `${safeText(error.code, 40)}: ${safeText(error.message, 160)}` : '',
      ];
      return `${parts.filter((part) => part !== '').join('  ')}\n`;
    },
  };
}

function formatIso(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}
