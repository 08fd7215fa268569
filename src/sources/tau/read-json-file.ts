import type { FileFacts } from '../../core/evidence/schema.ts';
import { parseExactJson } from '../../platform/exact-json/exact-json.ts';
import { makeJsonScanner } from '../../platform/exact-json/make-json-scanner.ts';
import type { FieldFacts } from '../../platform/exact-json/schema.ts';
import { isUnsignedInteger } from '../../platform/exact-json/unsigned.ts';
import { type LinkRule, openRegularFile } from '../../platform/files/open-regular-file.ts';
import type { FileRules } from './schema.ts';

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
  const scanner = makeJsonScanner({ isWanted: (name) => Object.hasOwn(rules.fields.shape, name) });
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
  const [issue] = rules.fields.safeParse(value).error?.issues ?? [];
  if (!issue) return { state: 'valid', value, text };
  const name = String(issue.path[0]);
  return invalid(describeField(name, scanner.fields.get(name), { expected: issue.message, version: rules.version }));
}

function invalid(problem: FileProblem): JsonFile {
  return { state: 'invalid', problem };
}

function describeField(
  name: string,
  field: FieldFacts | undefined,
  { expected, version }: { readonly expected: string; readonly version: string },
): FileProblem {
  if (!field) return { message: `missing field '${name}'`, field: name, expected, found: 'no such field' };
  const found = describeValue(field);
  const place = { field: name, offset: field.startOffset, found };
  if (name === 'schema_version' && isUnsignedInteger(field))
    return { ...place, message: `${version} ${found} (expected 1)`, expected: '1' };
  return { ...place, message: `field '${name}' must be ${expected}, and it is ${found}`, expected };
}

function describeValue(field: FieldFacts): string {
  const text = field.text ?? `an ${field.type}`;
  return text.length > SHOWN_LIMIT ? `${text.slice(0, SHOWN_LIMIT)}…` : text;
}
