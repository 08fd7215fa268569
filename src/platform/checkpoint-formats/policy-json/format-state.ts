/** A state as JSON text that both sides load with the same values, made at once: what changes later is not in it. */

import { makeRawNumber } from '../../exact-json/exact-json.ts';
import { formatJsonPath } from '../../exact-json/format-json-path.ts';
import { TOKEN_LIMIT_BYTES } from '../../exact-json/scan.ts';
import { DEPTH_LIMIT } from '../../exact-json/schema.ts';
import { refuseInput } from './check-options.ts';

/** How many items of an array too long for one text are written at a time. */
const ITEMS_AT_ONCE = 1_000_000;

/** Of one unit of a JavaScript string: a control character is six letters. */
const MOST_BYTES = 6;

type Path = (string | number)[];

/**
 * Writes a state as JSON, indented by two spaces as a field of a document, so that nothing is lost: what JSON cannot say
 * is refused instead of written as null.
 *
 * Shapes: plain objects (own string keys in their order), arrays, typed arrays of numbers, strings, finite numbers
 *         (-0 as -0.0, whole ones beyond 2^53 with an exponent), bigint as digits, JSON.rawJSON as it is, booleans, null.
 *         The pieces of the answer follow each other; there is one, unless no string is long enough.
 * Errors: CHECKPOINT_INPUT_INVALID for anything else, with its place.
 * Source: formats/tau 2.4 (pretty JSON); contract, policy checkpoints.
 */
export function formatState(name: string, value: unknown): readonly string[] {
  const prepared = prepare(value, [name]);
  const open = `{\n  ${JSON.stringify(name)}: `;
  const text = stringify({ [name]: prepared });
  if (text !== undefined) return [text.slice(open.length, -'\n}'.length)];
  return [...formatPieces(prepared, '\n  ')];
}

/** The JSON text of a prepared value, or undefined when it is longer than a string can be. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, undefined, 2);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The text in pieces that a string can hold, for values that are longer than that. */
function* formatPieces(value: unknown, indent: string): Generator<string> {
  const text = stringify(value);
  // No string of JSON has a line break in it.
  if (text !== undefined) yield text.replaceAll('\n', indent);
  else if (Array.isArray(value)) yield* formatItems(value, indent);
  else if (typeof value === 'object' && value !== null) yield* formatFields(value, indent);
}

function* formatItems(items: readonly unknown[], indent: string): Generator<string> {
  const inner = `${indent}  `;
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    yield from === 0 ? `[${inner}` : `,${inner}`;
    const some = items.slice(from, from + ITEMS_AT_ONCE);
    const text = stringify(some);
    if (text !== undefined) yield text.slice('[\n  '.length, -'\n]'.length).replaceAll('\n', indent);
    else for (const [at, item] of some.entries()) yield* [at === 0 ? '' : `,${inner}`, ...formatPieces(item, inner)];
  }
  yield `${indent}]`;
}

function* formatFields(value: object, indent: string): Generator<string> {
  let before = '{';
  for (const [key, field] of Object.entries(value)) {
    yield `${before}${indent}  ${JSON.stringify(key)}: `;
    yield* formatPieces(field, `${indent}  `);
    before = ',';
  }
  yield `${indent}}`;
}

/** The value itself where `JSON.stringify` writes it exactly, or a copy with what it would change replaced. */
function prepare(value: unknown, path: Path): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return checkText(value, path);
    case 'bigint':
      return prepareRaw(value.toString(), path);
    case 'number':
      return isPlain(value) ? value : prepareNumber(value, path);
    case 'object':
      return value === null ? null : prepareObject(value, path);
    default:
      return refuse(path, `is ${typeof value}, which JSON has no form for`);
  }
}

/** Whether a number is written as JavaScript spells it, and comes back as it is. */
function isPlain(value: number): boolean {
  if (value === 0) return 1 / value > 0;
  const size = Math.abs(value);
  return size <= Number.MAX_SAFE_INTEGER || (size < Number.POSITIVE_INFINITY && !Number.isInteger(value));
}

function prepareNumber(value: number, path: Path): unknown {
  if (!Number.isFinite(value)) refuse(path, `is ${value}, which JSON has no form for`);
  // Readers that tell whole numbers from doubles take `-0` for the former, which has no sign. Digits alone would come
  // back as a bigint: what is a double is spelled as one.
  return makeRawNumber(value === 0 ? '-0.0' : value.toExponential());
}

function prepareObject(value: object, path: Path): unknown {
  if (path.length >= DEPTH_LIMIT) refuse(path, `nests deeper than ${DEPTH_LIMIT} levels, or holds itself`);
  if ('toJSON' in value && typeof value.toJSON === 'function') refuse(path, `is ${describe(value)} with a toJSON`);
  if (Array.isArray(value)) return prepareItems(value, path);
  if (isNumberArray(value)) return prepareItems(Array.from(value), path);
  if (isRaw(value)) return prepareRaw(value.rawJSON, path);
  if (!isPlainObject(value)) refuse(path, `is ${describe(value)}, which JSON has no form for`);
  if (Object.getOwnPropertySymbols(value).length > 0) refuse(path, 'has a symbol as a key, which JSON has no form for');
  return prepareFields(value, path);
}

function prepareItems(items: readonly unknown[], path: Path): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    // States are mostly arrays of numbers.
    if (typeof item === 'number' && isPlain(item)) continue;
    path.push(index);
    const prepared = prepare(item, path);
    path.pop();
    if (prepared === item) continue;
    copy ??= [...items];
    copy[index] = prepared;
  }
  return copy ?? items;
}

function prepareFields(value: object, path: Path): object {
  let isChanged = false;
  const entries = Object.entries(value);
  for (const entry of entries) {
    const [key, field] = entry;
    path.push(checkKey(key, path));
    entry[1] = prepare(field, path);
    path.pop();
    isChanged ||= entry[1] !== field;
  }
  // `fromEntries` makes a field of its own even of `__proto__`.
  return isChanged ? Object.fromEntries(entries) : value;
}

function checkText(text: string, path: Path): string {
  return text.isWellFormed() ? text : refuse(path, 'holds half a surrogate pair, which UTF-8 has no form for');
}

/** Readers keep a key in memory, up to a limit. */
function checkKey(key: string, path: Path): string {
  if (key.length * MOST_BYTES > TOKEN_LIMIT_BYTES && Buffer.byteLength(JSON.stringify(key)) > TOKEN_LIMIT_BYTES) {
    refuse(path, `has a key of more than ${TOKEN_LIMIT_BYTES} bytes`);
  }
  return checkText(key, path);
}

function isNumberArray(value: object): value is ArrayLike<number | bigint> & object {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** JSON text of a single value, made by JSON.rawJSON, which checks it. Source: ECMAScript, JSON.rawJSON. */
function isRaw(value: object): value is { readonly rawJSON: string } {
  return 'isRawJSON' in JSON && typeof JSON.isRawJSON === 'function' && JSON.isRawJSON(value) === true;
}

/** A number as its text; anything else that stands as text is the value it is. */
function prepareRaw(text: string, path: Path): unknown {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'number') return prepare(value, path);
  if (!Number.isFinite(value)) refuse(path, 'is larger than a double can hold, which the readers refuse');
  return makeRawNumber(text);
}

function describe(value: object): string {
  return `an object of class ${String(value.constructor?.name ?? 'unknown')}`;
}

function refuse(path: Path, why: string): never {
  const at = formatJsonPath(path);
  throw refuseInput(`${at} ${why}`, { path: at });
}
