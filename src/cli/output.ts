/** What goes where: answers and JSON to standard output, everything else for people to standard error. */
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import { formatExactJson } from '../platform/exact-json/exact-json.ts';
import { writeDescriptor } from '../platform/write-descriptor.ts';
import { describeChanges } from '../present/change-words.ts';
import { safeJson, safeLayout, safeLines } from '../present/safe-text.ts';
import { EXIT_CODES } from './exit-codes.ts';

const [STDOUT, STDERR] = [1, 2];

/** The two streams of a command. */
export type Output = {
  readonly json: boolean;
  /** One line of an answer for people. */
  readonly print: (line: string) => void;
  readonly printJson: (value: unknown) => void;
  /** A part of a long answer, made safe by now. False when nobody is there to read the rest. */
  readonly write: (text: string) => boolean;
  /** One line beside the answer. */
  readonly note: (line: string) => void;
};

/** The output of a process, and its last word: the exit code, which says when the answer got lost. */
export type ProcessOutput = Output & { readonly finish: (exitCode: number) => number };

/**
 * Makes the output of this process. Whatever is said is made safe once more: a text that was forgotten does no harm.
 *
 * What cannot be said changes nothing of what is done: a note that is lost is lost, and a lost answer is told at the end,
 * unless who reads it left by himself.
 *
 * Errors: none. Source: decisions/0029.
 */
export function makeOutput(json: boolean): ProcessOutput {
  let lost: unknown;
  const write = (text: string): boolean => {
    if (lost !== undefined) return false;
    try {
      return writeDescriptor(STDOUT, text);
    } catch (cause) {
      lost = cause;
      return false;
    }
  };
  const note = (line: string): void => {
    try {
      writeDescriptor(STDERR, `${safeLayout(line)}\n`);
    } catch {
      // The work goes on; the exit code is left to say how it ended.
    }
  };
  return {
    json,
    write,
    print: (line) => void write(`${safeLayout(line)}\n`),
    printJson: (value) => void write(`${safeJson(formatExactJson(value))}\n`),
    note,
    finish(exitCode) {
      if (lost === undefined) return exitCode;
      const error = new RecoveryError('OUTPUT_UNWRITABLE', describeLost(lost));
      for (const line of safeLines(`salvor: ${error.message}`, 2_000)) note(line);
      note(error.hint);
      return exitCode === 0 ? EXIT_CODES.OUTPUT_UNWRITABLE : exitCode;
    },
  };
}

function describeLost(cause: unknown): string {
  return `the answer could not be written to standard output: ${cause instanceof Error ? cause.message : String(cause)}`;
}

/** The JSON form of an error. Source: contract, exit codes. */
export function translateError(error: RecoveryError): {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: unknown;
} {
  return { code: error.code, message: error.message, hint: error.hint, details: error.details };
}

/** Tells an error and returns its exit code. */
export function tellError(output: Output, thrown: unknown, about = 'salvor'): number {
  const error = toRecoveryError(thrown);
  if (output.json) output.printJson({ error: translateError(error) });
  else {
    for (const line of safeLines(`${about}: ${error.message}`, 2_000)) output.note(line);
    for (const line of describeChanges(error.details)) output.note(`  ${line}`);
    output.note(error.hint);
    if (error.code === 'INTERNAL') output.note(describeStack(error));
  }
  return EXIT_CODES[error.code];
}

function describeStack(error: RecoveryError): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return safeLines(cause.stack ?? '')
    .slice(1, 8)
    .join('\n');
}

/** Cells as columns, each as wide as its widest, the last one not padded. Cells must be safe already. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
