import type { RecoveryError } from '../../core/errors.ts';
import { describeNearestName } from '../../core/find-nearest-name.ts';
import type { JobText } from './parse-job-text.ts';
import type { ShapeProblem } from './schema.ts';

/**
 * The error of a job file whose shape is wrong. An unknown key explains a missing one, so it is said first.
 *
 * Shapes: `knownKeys` are the keys that each map may have, by its path (empty: the file itself).
 * Errors: none; JOB_FILE_INVALID is answered.
 */
export function describeProblem(
  text: JobText,
  problems: readonly ShapeProblem[],
  knownKeys: Readonly<Record<string, readonly string[]>>,
): RecoveryError {
  const problem = problems.find((candidate) => candidate.unknownKeys !== undefined) ?? problems[0];
  const path = problem?.path ?? [];
  const where = path.map(String).join('.');
  const unknown = problem?.unknownKeys?.[0];
  if (unknown !== undefined) {
    const name = [...path, unknown].map(String).join('.');
    const nearest = describeNearestName(unknown, knownKeys[where] ?? []);
    return text.refuse([...path, unknown], `the key ${name} is not known${nearest}`);
  }
  const found = text.findValue(path);
  const expected = `expected ${problem?.expected ?? 'something else'}`;
  if (found === undefined) return text.refuse(path, `${where} is missing, ${expected}`);
  return text.refuse(path, `${where}: found ${describeValue(found)}, ${expected}`);
}

/** A found value as an operator wrote it, short. Errors: none. */
export function describeValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
