/** Job files of batches: a checked text in, a complete specification out, or the line that is wrong. Pure. */
import { RecoveryError } from '../../../core/errors.ts';
import { describeNearestName } from '../../../core/find-nearest-name.ts';
import { describeProblem } from '../../job-file/describe-problem.ts';
import type { JobText } from '../../job-file/parse-job-text.ts';
import { checkShape } from '../../job-file/schema.ts';
import type { JobFile } from '../kind.ts';
import { BatchFile, type BatchSpec, KNOWN_KEYS } from './schema.ts';
import { translateBatchFile } from './translate-batch-file.ts';

/**
 * Reads a job file into a specification with paths, defaults and parameters resolved.
 *
 * Errors: JOB_FILE_INVALID with file, line, what was found and what is expected; USAGE_INVALID for a parameter that
 *         the file neither declares nor uses.
 * Source: contract, job files.
 */
export function parseBatchFile(read: JobFile): BatchSpec {
  const { text, params } = read;
  const checked = checkShape(BatchFile, text.value);
  if ('problems' in checked) throw describeProblem(text, checked.problems, KNOWN_KEYS);
  const { file } = checked;
  checkAlternatives(text, file);
  checkWriteBack(text, file);
  checkParams(file, read);
  const spec = translateBatchFile(file, read);
  return { ...spec, params: { ...spec.params, ...params } };
}

function checkAlternatives(text: JobText, file: BatchFile): void {
  if (file.command !== undefined && file.worker !== undefined) {
    throw text.refuse(['worker'], 'both command and worker are given, expected one of them');
  }
  if (file.command === undefined && file.worker === undefined) {
    throw text.refuse([], 'neither command nor worker is given, expected one of them');
  }
}

function checkWriteBack(text: JobText, file: BatchFile): void {
  for (const [column, value] of Object.entries(file.write_back ?? {})) {
    const path = ['write_back', column];
    if (column.trim() === '') throw text.refuse(path, 'write_back: found an empty column name');
    if (column === file.key) throw text.refuse(path, `write_back.${column} is the key and cannot be replaced`);
    if (value === 'receipt' && file.command !== undefined && file.receipt === undefined) {
      throw text.refuse(path, `write_back.${column} is receipt, but the job declares no receipt`);
    }
  }
}

/** A parameter that nothing declares or uses is a slip of the pen. */
function checkParams(file: BatchFile, { path, params }: JobFile): void {
  const declared = Object.keys(file.params ?? {});
  const commands = [file.command, file.worker, file.verify].join('\n');
  for (const name of Object.keys(params)) {
    if (declared.includes(name) || commands.includes(`\${${name}}`)) continue;
    const message = `the parameter ${name} is not known to ${path}${describeNearestName(name, declared)}`;
    throw new RecoveryError('USAGE_INVALID', message, { details: { path, parameter: name } });
  }
}
