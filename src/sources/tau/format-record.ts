import { RecoveryError } from '../../core/errors.ts';
import { formatExactJson } from '../../platform/exact-json/exact-json.ts';
import { makeJsonScanner } from '../../platform/exact-json/make-json-scanner.ts';

/**
 * Writes one of the directory's files as JSON that its reader takes: foreign text in it may hold half a surrogate pair,
 * which no reader accepts, and U+FFFD stands for it then.
 *
 * Shapes: `indent` counts spaces; without it a single line.
 * Errors: INTERNAL, before anything is written, for what the strict reader would refuse.
 */
export function formatRecord(value: unknown, indent?: number): Buffer {
  const bytes = Buffer.from(formatExactJson(repairText(value), indent));
  const scanner = makeJsonScanner();
  if (scanner.push(bytes) && scanner.end()) return bytes;
  const { offset = 0, expected = '', found = '' } = scanner.problem() ?? {};
  throw new RecoveryError(
    'INTERNAL',
    `a record would not be readable at byte ${offset}: expected ${expected}, found ${found}`,
  );
}

function repairText(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(repairText);
  // A number that is kept as its text is an object to JavaScript.
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), repairText(item)]));
}
