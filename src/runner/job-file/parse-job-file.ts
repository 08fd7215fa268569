/** Job files: text in, a complete specification out, or the line that is wrong. Pure. */
import { RecoveryError } from '../../core/errors.ts';
import { describeNearestName } from '../../core/find-nearest-name.ts';
import { type JobText, parseJobText } from './parse-job-text.ts';
import { type BatchFile, type BatchSpec, checkBatchFile, KNOWN_KEYS, type ShapeProblem } from './schema.ts';
import { type JobFilePlace, translateBatchFile } from './translate-batch-file.ts';

const KINDS_TO_COME = ['workflow', 'training'];

/**
 * Reads the text of a job file into a specification with paths, defaults and parameters resolved.
 *
 * Shapes: `params` are those given for this run; they replace the file's own.
 * Errors: JOB_FILE_INVALID with file, line, what was found and what is expected; USAGE_INVALID for a parameter that
 *         the file neither declares nor uses.
 * Source: contract, job files.
 */
export function parseJobFile(text: string, place: JobFilePlace, params: Readonly<Record<string, string>>): BatchSpec {
  const jobText = parseJobText(text, place.path);
  checkKind(jobText);
  const checked = checkBatchFile(jobText.value);
  if ('problems' in checked) throw describeProblem(jobText, checked.problems);
  const { file } = checked;
  checkAlternatives(jobText, file);
  checkWriteBack(jobText, file);
  checkParams(file, place, params);
  const spec = translateBatchFile(file, place, jobText);
  return { ...spec, params: { ...spec.params, ...params } };
}

function checkKind(text: JobText): void {
  const kind = text.findValue(['kind']);
  if (kind === 'batch') return;
  if (kind === undefined) throw text.refuse(['kind'], 'kind is missing, expected batch');
  if (typeof kind === 'string' && KINDS_TO_COME.includes(kind)) {
    throw text.refuse(['kind'], `kind ${kind} is not supported by this version of Salvor, which knows batch`);
  }
  throw text.refuse(['kind'], `kind: found ${describeValue(kind)}, expected batch`);
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
function checkParams(file: BatchFile, place: JobFilePlace, params: Readonly<Record<string, string>>): void {
  const declared = Object.keys(file.params ?? {});
  const commands = [file.command, file.worker, file.verify].join('\n');
  for (const name of Object.keys(params)) {
    if (declared.includes(name) || commands.includes(`\${${name}}`)) continue;
    const message = `the parameter ${name} is not known to ${place.path}${describeNearestName(name, declared)}`;
    throw new RecoveryError('USAGE_INVALID', message, { details: { path: place.path, parameter: name } });
  }
}

/** An unknown key explains a missing one, so it is said first. */
function describeProblem(text: JobText, problems: readonly ShapeProblem[]): RecoveryError {
  const problem = problems.find((candidate) => candidate.unknownKeys !== undefined) ?? problems[0];
  const path = problem?.path ?? [];
  const where = path.map(String).join('.');
  const unknown = problem?.unknownKeys?.[0];
  if (unknown !== undefined) {
    const name = [...path, unknown].map(String).join('.');
    const nearest = describeNearestName(unknown, KNOWN_KEYS[where] ?? []);
    return text.refuse([...path, unknown], `the key ${name} is not known${nearest}`);
  }
  const found = text.findValue(path);
  const expected = `expected ${problem?.expected ?? 'something else'}`;
  if (found === undefined) return text.refuse(path, `${where} is missing, ${expected}`);
  return text.refuse(path, `${where}: found ${describeValue(found)}, ${expected}`);
}

/** A found value as an operator wrote it, short. */
function describeValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
