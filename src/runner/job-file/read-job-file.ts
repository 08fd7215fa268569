import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import type { JobRef } from '../../core/job/schema.ts';
import { checkCommands } from '../check-commands.ts';
import type { JobWork } from '../job-work.ts';
import { findFileKind } from './find-file-kind.ts';
import { LIMITS } from './limits.ts';
import { parseJobText } from './parse-job-text.ts';

/** What may be said of a job beside its file: parameters of this run, and another name. */
export type JobFileOptions = { readonly params?: Readonly<Record<string, string>>; readonly name?: string };

/** A job as its file says, and its kind. */
export type ReadJob = Pick<JobRef, 'kind'> & { readonly work: JobWork };

/**
 * Reads a job file by its kind, and makes sure that its commands are there and that every name they use stands for
 * something.
 *
 * Errors: JOB_FILE_INVALID, ROWS_INVALID, USAGE_INVALID (unknown parameter), COMMAND_MISSING; nothing was started.
 * Source: contract, job files.
 */
export async function readJobFile(path: string, { params = {}, name }: JobFileOptions = {}): Promise<ReadJob> {
  const text = parseJobText(decode(await readBytes(path), path), path);
  const kind = findFileKind(text);
  const file = { text, path, directory: dirname(resolve(path)), params, ...(name !== undefined && { name }) };
  const work = await (await kind.load()).readFile(file);
  checkCommands(work, 'COMMAND_MISSING');
  return { kind: kind.name, work };
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
