import { basename, extname, resolve } from 'node:path';
import { parseDuration } from '../../job-file/parse-duration.ts';
import type { JobText } from '../../job-file/parse-job-text.ts';
import type { JobFile } from '../kind.ts';
import type { BatchFile, BatchSpec } from './schema.ts';

/**
 * Turns a checked batch file into its specification: paths made absolute against the file's directory, durations in
 * milliseconds, defaults filled in, the name taken from the file when it has none. The columns are still to be read.
 *
 * Errors: none.
 * Source: contract, job files.
 */
export function translateBatchFile(file: BatchFile, { text, path, directory }: JobFile): BatchSpec {
  const { key, command, worker, verify, receipt, timeout } = file;
  return {
    kind: 'batch',
    name: file.name ?? basename(path, extname(path)),
    directory,
    rowsPath: resolve(directory, file.rows),
    rowsFormat: /\.csv$/i.test(file.rows) ? 'csv' : 'jsonl',
    columns: [],
    ...(key === undefined ? {} : { keyColumn: key }),
    ...(command === undefined ? {} : { command }),
    ...(worker === undefined ? {} : { worker }),
    ...(verify === undefined ? {} : { verify }),
    ...(receipt === undefined ? {} : { receipt: { field: receipt.field, label: receipt.label ?? receipt.field } }),
    onError: file.on_error ?? 'halt',
    concurrency: file.concurrency ?? 1,
    retry: translateRetry(file.retry),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) ?? 0 }),
    writeBack: Object.entries(file.write_back ?? {}).map(([column, value]) => ({ column, value })),
    env: translateTexts('env', file.env, text),
    params: translateTexts('params', file.params, text),
  };
}

/** Without `retry` a unit is tried once. */
function translateRetry(retry: BatchFile['retry']): BatchSpec['retry'] {
  return {
    attempts: retry?.attempts ?? 1,
    backoff: retry?.backoff ?? 'exponential',
    initialDelayMs: parseDuration(retry?.initial_delay ?? '1s') ?? 0,
    maxDelayMs: parseDuration(retry?.max_delay ?? '30s') ?? 0,
    jitter: retry?.jitter ?? true,
    ...(retry?.on === undefined ? {} : { on: retry.on }),
  };
}

/** Numbers keep the text they were written with, so that 007 and 12345678901234567890 survive. */
function translateTexts(key: 'env' | 'params', values: BatchFile['env'], text: JobText): Record<string, string> {
  const texts = Object.entries(values ?? {}).map(
    ([name, value]) =>
      [name, typeof value === 'string' ? value : (text.findSource([key, name]) ?? String(value))] as const,
  );
  return Object.fromEntries(texts);
}
