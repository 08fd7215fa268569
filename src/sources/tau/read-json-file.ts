import type { FileFacts } from '../../core/evidence/schema.ts';
import { parseExactJson } from '../../platform/exact-json/exact-json.ts';
import { makeJsonScanner } from '../../platform/exact-json/make-json-scanner.ts';
import type { FieldFacts } from '../../platform/exact-json/schema.ts';
import { isUnsignedInteger, U64_MAX } from '../../platform/exact-json/unsigned.ts';
import { type LinkRule, openRegularFile } from '../../platform/files/open-regular-file.ts';
import type { FieldType, FileRules } from './schema.ts';

/** These files are a page long; anything larger is another file. Unit: bytes. */
const LARGEST_BYTES = 16 * 1024 * 1024;
/** How much of a foreign value a message shows. Unit: characters. */
const SHOWN_LIMIT = 80;

/** Why a file cannot be used, with the place. */
export type FileProblem = NonNullable<FileFacts['problem']>;

/** A file as it was found. `value` keeps every number as it stands; `text` is the file. */
export type JsonFile =
  | { readonly state: 'missing' }
  | { readonly state: 'invalid' | 'unreadable'; readonly problem: FileProblem }
  | { readonly state: 'valid'; readonly value: Readonly<Record<string, unknown>>; readonly text: string };

/** Bytes of a small regular file, or why there are none. */
export type FileBytes =
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly problem: FileProblem }
  | { readonly state: 'read'; readonly bytes: Buffer };

/**
 * Reads a whole file that is expected to be small. The directory may be another user's: a link is followed when it leads to
 * a file of its own owner, else what only the reader may read would stand in messages and reports.
 *
 * Errors: none; a directory, a FIFO or a huge file is a problem.
 */
export async function readSmallFile(
  path: string,
  {
    largestBytes = LARGEST_BYTES,
    links = 'of_one_owner',
  }: { readonly largestBytes?: number; readonly links?: LinkRule } = {},
): Promise<FileBytes> {
  const opened = await openRegularFile(path, links);
  if (opened.type === 'problem') {
    if (opened.problem.reason === 'missing') return { state: 'missing' };
    return unreadable(opened.problem.found);
  }
  try {
    if (opened.sizeBytes > largestBytes) {
      return unreadable(`it has ${opened.sizeBytes} bytes, and at most ${largestBytes} are read`);
    }
    return { state: 'read', bytes: await opened.file.readFile() };
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  } finally {
    await opened.file.close();
  }
}

function unreadable(message: string): { readonly state: 'unreadable'; readonly problem: FileProblem } {
  return { state: 'unreadable', problem: { message } };
}

/**
 * Reads one of Tau's JSON files and checks it field by field.
 *
 * Shapes: unknown keys are ignored; the first problem is told, with its byte or field.
 * Errors: none; what is wrong is part of the answer.
 * Source: formats/tau 2 (readers), 3 (any malformed or wrong-version file aborts).
 */
export async function readJsonFile(path: string, rules: FileRules): Promise<JsonFile> {
  const read = await readSmallFile(path);
  if (read.state !== 'read') return read;
  const names = new Set(rules.fields.map(([name]) => name));
  const scanner = makeJsonScanner({ isWanted: (name) => names.has(name) });
  scanner.push(read.bytes);
  scanner.end();
  const broken = scanner.problem();
  if (broken) {
    const { offset, expected, found } = broken;
    const message = `it is not valid JSON at byte ${offset}: expected ${expected}, found ${found}`;
    return { state: 'invalid', problem: { message, offset, expected, found } };
  }
  if (scanner.rootType() !== 'object') return invalid({ message: 'it must be a JSON object', offset: 0 });
  const text = read.bytes.toString('utf8');
  const value = parseExactJson(text) as Readonly<Record<string, unknown>>;
  for (const [name, type] of rules.fields) {
    const problem = checkField({ name, type, rules, field: scanner.fields.get(name), value: value[name] });
    if (problem) return invalid(problem);
  }
  return { state: 'valid', value, text };
}

function invalid(problem: FileProblem): JsonFile {
  return { state: 'invalid', problem };
}

type Checked = {
  readonly name: string;
  readonly type: FieldType;
  readonly rules: FileRules;
  readonly field: FieldFacts | undefined;
  readonly value: unknown;
};

function checkField(checked: Checked): FileProblem | undefined {
  const { name, type, rules, field } = checked;
  if (!field || field.type === 'null') {
    if (type.endsWith('?')) return undefined;
    if (!field)
      return { message: `missing field '${name}'`, field: name, expected: EXPECTED[type], found: 'no such field' };
  }
  const found = describeValue(field);
  if (type === 'u32_1' && isUnsignedInteger(field) && field.text !== '1') {
    const message = `${rules.version} ${found} (expected 1)`;
    return { message, field: name, offset: field.startOffset, expected: '1', found };
  }
  if (FITS[type](checked, field)) return undefined;
  const expected = EXPECTED[type];
  return {
    message: `field '${name}' must be ${expected}, and it is ${found}`,
    field: name,
    offset: field.startOffset,
    expected,
    found,
  };
}

const EXPECTED: Readonly<Record<FieldType, string>> = {
  u32_1: 'the number 1',
  u64: `a whole number from 0 to ${U64_MAX}`,
  'u64?': `a whole number from 0 to ${U64_MAX}, or null`,
  string: 'a string',
  'string?': 'a string or null',
  boolean: 'true or false',
  strings: 'a list of strings',
  'object?': 'an object or null',
};

type Fits = (checked: Checked, field: FieldFacts) => boolean;

const isU64: Fits = (_checked, field) => isUnsignedInteger(field) && BigInt(field.text ?? '') <= U64_MAX;
const isString: Fits = (_checked, field) => field.type === 'string';

const FITS: Readonly<Record<FieldType, Fits>> = {
  u32_1: (_checked, field) => isUnsignedInteger(field) && field.text === '1',
  u64: isU64,
  'u64?': isU64,
  string: isString,
  'string?': isString,
  boolean: (_checked, field) => field.type === 'boolean',
  strings: ({ value }) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'object?': (_checked, field) => field.type === 'object',
};

function describeValue(field: FieldFacts): string {
  const text = field.text ?? `an ${field.type}`;
  return text.length > SHOWN_LIMIT ? `${text.slice(0, SHOWN_LIMIT)}…` : text;
}
