import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import { findMissingCommand } from '../../platform/find-missing-command.ts';
import { openRows } from '../rows/open-rows.ts';
import type { RowsSource } from '../rows/row-record.ts';
import { checkBatch } from './check-batch.ts';
import { LIMITS } from './limits.ts';
import { parseJobFile } from './parse-job-file.ts';
import type { BatchSpec } from './schema.ts';

/**
 * Reads a job file into its specification, with the columns its rows have, and makes sure that its commands are there
 * and that every name they use stands for something.
 *
 * Shapes: `params` are the parameters given for this run.
 * Errors: JOB_FILE_INVALID, ROWS_INVALID, USAGE_INVALID (unknown parameter), COMMAND_MISSING; nothing was started.
 * Source: contract, job files.
 */
export async function readJobFile(path: string, params: Readonly<Record<string, string>> = {}): Promise<BatchSpec> {
  const text = decode(await readBytes(path), path);
  const written = parseJobFile(text, { path, directory: dirname(resolve(path)) }, params);
  const spec = { ...written, columns: await readColumns(written) };
  checkBatch(spec);
  for (const commandLine of [spec.command, spec.worker, spec.verify]) {
    const missing = commandLine === undefined ? undefined : findMissingCommand(commandLine, spec);
    if (!missing) continue;
    const { command, problem } = missing;
    throw new RecoveryError('COMMAND_MISSING', `the command ${command} ${problem}`, { details: { command } });
  }
  return spec;
}

async function readColumns(source: RowsSource): Promise<readonly string[]> {
  const rows = await openRows(source);
  await rows.close();
  return rows.columns;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    // Looked at before it is opened: opening a named pipe would wait for ever.
    const stats = await stat(path);
    if (!stats.isFile()) throw new RecoveryError('JOB_FILE_INVALID', `${path} is not a file`);
    if (stats.size > LIMITS.bytes) {
      throw new RecoveryError(
        'JOB_FILE_INVALID',
        `${path} has ${stats.size} bytes, a job file has at most ${LIMITS.bytes}`,
      );
    }
    await using file = await open(path, 'r');
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof RecoveryError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecoveryError('JOB_FILE_INVALID', `the job file ${path} cannot be read: ${reason}`, { cause });
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RecoveryError('JOB_FILE_INVALID', `${path} is not valid UTF-8`, { cause });
  }
}
