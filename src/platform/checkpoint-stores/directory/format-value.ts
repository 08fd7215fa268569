import { formatJsonPath } from '../../../core/checkpoint/format-json-path.ts';
import { DEPTH_LIMIT } from '../../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../../core/errors.ts';

/** Pieces are joined up to about this many characters before they are passed on. */
const PIECE_CHARS = 64 * 1024;

type Place = { readonly indent: string; readonly path: readonly (string | number)[] };

/**
 * Writes a value as JSON, indented by two spaces, piece by piece, so that nothing is lost: what JSON cannot say is
 * refused instead of written as null.
 *
 * Shapes: plain objects (own string keys in their order), arrays, typed arrays of numbers, strings, finite numbers
 *         (-0 as -0.0, whole ones beyond 2^53 with an exponent), bigint as digits, JSON.rawJSON as it is, booleans, null.
 * Errors: CHECKPOINT_INPUT_INVALID for anything else, with its place.
 * Source: formats/tau 2.4 (pretty JSON); contract, policy checkpoints.
 */
export function* formatValue(value: unknown, path: readonly string[]): Generator<string> {
  let piece = '';
  for (const part of formatParts(value, { indent: '\n'.padEnd(1 + path.length * 2), path })) {
    piece += part;
    if (piece.length >= PIECE_CHARS) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

function* formatParts(value: unknown, place: Place): Generator<string> {
  const scalar = formatScalar(value, place);
  if (scalar !== undefined) {
    yield scalar;
    return;
  }
  if (place.path.length >= DEPTH_LIMIT) refuse(place, `nests deeper than ${DEPTH_LIMIT} levels, or holds itself`);
  if (Array.isArray(value)) yield* formatArray(value, place);
  else if (isNumberArray(value)) yield* formatArray(value, place);
  else if (isPlainObject(value)) yield* formatObject(value, place);
  else refuse(place, `is ${describe(value)}, which JSON has no form for`);
}

function formatScalar(value: unknown, place: Place): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return formatNumber(value, place);
  return isRawNumber(value) ? value.rawJSON : undefined;
}

function formatNumber(value: number, place: Place): string {
  if (!Number.isFinite(value)) refuse(place, `is ${value}, which JSON has no form for`);
  // Readers that tell whole numbers from doubles take `-0` for the former, which has no sign.
  if (Object.is(value, -0)) return '-0.0';
  // Digits alone would come back as a bigint: what is a double is spelled as one.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}

function* formatArray(items: ArrayLike<unknown>, { indent, path }: Place): Generator<string> {
  const inner = `${indent}  `;
  for (let index = 0; index < items.length; index++) {
    const before = index === 0 ? `[${inner}` : `,${inner}`;
    const item = items[index];
    // The common case without a generator of its own: states are mostly arrays of numbers.
    const simple = typeof item === 'number' && isPlainNumber(item) ? String(item) : undefined;
    yield simple === undefined ? before : before + simple;
    if (simple === undefined) yield* formatParts(item, { indent: inner, path: [...path, index] });
  }
  yield items.length === 0 ? '[]' : `${indent}]`;
}

/** Whether a number is written as JavaScript spells it. */
function isPlainNumber(value: number): boolean {
  return value !== 0 && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function* formatObject(value: object, { indent, path }: Place): Generator<string> {
  const inner = `${indent}  `;
  let before = `{${inner}`;
  for (const [key, field] of Object.entries(value)) {
    yield `${before}${JSON.stringify(key)}: `;
    yield* formatParts(field, { indent: inner, path: [...path, key] });
    before = `,${inner}`;
  }
  yield before.startsWith(',') ? `${indent}}` : '{}';
}

function isNumberArray(value: unknown): value is ArrayLike<number | bigint> & object {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A number as JSON text, made by JSON.rawJSON, which checks it. Source: ECMAScript, JSON.rawJSON. */
function isRawNumber(value: unknown): value is { readonly rawJSON: string } {
  return 'isRawJSON' in JSON && typeof JSON.isRawJSON === 'function' && JSON.isRawJSON(value) === true;
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return `an object of class ${String(value.constructor?.name ?? 'unknown')}`;
}

function refuse({ path }: Place, why: string): never {
  const at = formatJsonPath(path);
  throw new RecoveryError('CHECKPOINT_INPUT_INVALID', `${at} ${why}`, { details: { path: at } });
}
