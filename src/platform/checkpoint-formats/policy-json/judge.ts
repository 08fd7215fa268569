/** Whether a policy checkpoint may be loaded, from what was read of it. Source: formats/tau 2.4 and 4. */

import type { Rejection } from '../../../core/checkpoint/schema.ts';
import type { FieldFacts } from '../../exact-json/schema.ts';
import { isUnsignedInteger, U64_MAX } from '../../exact-json/unsigned.ts';
import { DIGEST_FIELD, formatDigestText, isDamagedDigestName } from './digest-field.ts';
import { CHECKPOINT_VERSION, type PolicyCheckpoint, type PolicyFacts, type PolicyVerdict } from './schema.ts';

/** How much of a foreign value a message shows, in characters. */
const SHOWN_LIMIT = 80;

type Check = (facts: PolicyFacts) => Rejection | undefined;

/** The checks in order; the first that finds something is the reason. Source: formats/tau 2.4. */
const CHECKS: readonly Check[] = [
  checkReadable,
  checkJson,
  checkRoot,
  checkVersion,
  checkDigest,
  checkRunId,
  (facts) => checkObject(facts, 'policy_state'),
  (facts) => checkObject(facts, 'optimizer_state'),
  (facts) => checkU64(facts, 'global_step'),
  (facts) => checkU64(facts, 'optimizer_step'),
  (facts) => checkU64(facts, 'saved_at_unix_seconds'),
];

/**
 * Judges one checkpoint file.
 *
 * Shapes: the first broken rule is the reason; a file is valid only when it was read to its end.
 * Errors: none; every reason is a value.
 * Source: formats/tau 2.4, 3 (phrases) and 4 (a version is never truncated; a wrong type is not "missing").
 */
export function judge(facts: PolicyFacts): PolicyVerdict {
  for (const check of CHECKS) {
    const rejection = check(facts);
    if (rejection !== undefined) return rejection;
  }
  const { path, fields } = facts;
  const head = {
    version: CHECKPOINT_VERSION,
    runId: parseStringText(fields.get('run_id')?.text ?? '""'),
    globalStep: BigInt(fields.get('global_step')?.text ?? 0),
    optimizerStep: BigInt(fields.get('optimizer_step')?.text ?? 0),
    savedAtUnixSeconds: BigInt(fields.get('saved_at_unix_seconds')?.text ?? 0),
  };
  return describePolicy({ path, head, proven: fields.has(DIGEST_FIELD) });
}

/** A valid policy checkpoint, as every reader and writer of it describes it. Errors: none. */
export function describePolicy({
  path,
  head,
  proven,
}: Pick<PolicyCheckpoint, 'path' | 'head' | 'proven'>): PolicyCheckpoint {
  const { globalStep, optimizerStep, savedAtUnixSeconds } = head;
  return {
    type: 'valid',
    path,
    proven,
    head,
    progress: `global_step ${globalStep}, optimizer_step ${optimizerStep}, saved at ${savedAtUnixSeconds}`,
    proved: proven ? ['structure', 'digest'] : ['structure'],
    notProved: proven ? [] : ['digest'],
    missing: [],
  };
}

type Reason = Partial<Rejection> & Pick<Rejection, 'message' | 'expected' | 'found'>;

function reject(facts: PolicyFacts, reason: Reason): Rejection {
  return { type: 'rejected', code: 'CHECKPOINT_INVALID', path: facts.path, ...reason };
}

function checkReadable(facts: PolicyFacts): Rejection | undefined {
  const { readProblem } = facts;
  if (readProblem === undefined) return undefined;
  return reject(facts, {
    code: readProblem.reason === 'missing' ? 'CHECKPOINT_MISSING' : 'CHECKPOINT_UNREADABLE',
    message: readProblem.found,
    expected: 'a regular file that can be read',
    found: readProblem.found,
  });
}

function checkJson(facts: PolicyFacts): Rejection | undefined {
  const { jsonProblem } = facts;
  if (jsonProblem === undefined) return undefined;
  const { offset, path, expected, found } = jsonProblem;
  const message = `checkpoint is not valid JSON at byte ${offset} (${path}): expected ${expected}, found ${found}`;
  return reject(facts, { message, offset, expected, found });
}

function checkRoot(facts: PolicyFacts): Rejection | undefined {
  if (facts.rootType === 'object') return undefined;
  return reject(facts, {
    message: `checkpoint payload must be a JSON object, and it is ${describeType(facts.rootType)}`,
    offset: 0,
    expected: 'a JSON object',
    found: describeType(facts.rootType),
  });
}

function checkVersion(facts: PolicyFacts): Rejection | undefined {
  const field = facts.fields.get('checkpoint_version');
  const missing = checkPresent(facts, 'checkpoint_version', field);
  if (missing !== undefined || field === undefined) return missing;
  const text = field.text ?? '';
  if (!isUnsignedInteger(field)) return rejectType(facts, { name: 'checkpoint_version', field, wanted: UNSIGNED });
  if (BigInt(text) === CHECKPOINT_VERSION) return undefined;
  const digest = checkDigest(facts) === undefined ? '' : '; its digest does not match either';
  return reject(facts, {
    code: 'CHECKPOINT_VERSION_UNSUPPORTED',
    message: `unsupported checkpoint_version ${shorten(text)} (supported: ${CHECKPOINT_VERSION})${digest}`,
    field: 'checkpoint_version',
    offset: field.startOffset,
    expected: `${CHECKPOINT_VERSION}`,
    found: shorten(text),
  });
}

function checkDigest(facts: PolicyFacts): Rejection | undefined {
  const field = facts.fields.get(DIGEST_FIELD);
  if (field === undefined) return checkDamagedDigest(facts);
  const expected = formatDigestText(facts.computedDigest ?? '');
  if (field.text === expected) return undefined;
  const found = field.text === undefined ? describeType(field.type) : shorten(field.text);
  return reject(facts, {
    message: `checkpoint field '${DIGEST_FIELD}' does not match the file: it says ${found}, the bytes give ${expected}`,
    field: DIGEST_FIELD,
    offset: field.startOffset,
    expected,
    found,
  });
}

function checkDamagedDigest(facts: PolicyFacts): Rejection | undefined {
  const damaged = [...facts.fields].find(([name]) => isDamagedDigestName(name));
  if (damaged === undefined) return undefined;
  const [found, field] = damaged;
  return reject(facts, {
    message: `checkpoint field '${DIGEST_FIELD}' is damaged: its key reads '${found}', one bit away`,
    field: DIGEST_FIELD,
    offset: field.startOffset,
    expected: DIGEST_FIELD,
    found,
  });
}

function checkRunId(facts: PolicyFacts): Rejection | undefined {
  const field = facts.fields.get('run_id');
  const missing = checkPresent(facts, 'run_id', field);
  if (missing !== undefined || field === undefined) return missing;
  if (field.type !== 'string') return rejectType(facts, { name: 'run_id', field, wanted: 'a JSON string' });
  if (!isBlank(parseStringText(field.text ?? '""'))) return undefined;
  return reject(facts, {
    message: "checkpoint field 'run_id' must not be empty",
    field: 'run_id',
    offset: field.startOffset,
    expected: 'text that is not blank',
    found: shorten(field.text ?? ''),
  });
}

function checkObject(facts: PolicyFacts, name: string): Rejection | undefined {
  const field = facts.fields.get(name);
  if (field === undefined || field.type === 'object') return checkPresent(facts, name, field);
  return rejectType(facts, { name, field, wanted: 'a JSON object' });
}

function checkU64(facts: PolicyFacts, name: string): Rejection | undefined {
  const field = facts.fields.get(name);
  if (field === undefined) return checkPresent(facts, name, field);
  if (isUnsignedInteger(field) && BigInt(field.text ?? '') <= U64_MAX) return undefined;
  return rejectType(facts, { name, field, wanted: `${UNSIGNED} up to ${U64_MAX}` });
}

const UNSIGNED = 'an unsigned integer';

function checkPresent(facts: PolicyFacts, name: string, field: FieldFacts | undefined): Rejection | undefined {
  if (field !== undefined) return undefined;
  const message = `missing required checkpoint field '${name}'`;
  return reject(facts, { message, field: name, expected: 'the field', found: 'no such field' });
}

type WrongType = { readonly name: string; readonly field: FieldFacts; readonly wanted: string };

function rejectType(facts: PolicyFacts, { name, field, wanted }: WrongType): Rejection {
  const found = field.type === 'number' ? `the number ${shorten(field.text ?? '')}` : describeType(field.type);
  const message = `checkpoint field '${name}' must be ${wanted}, and it is ${found}`;
  return reject(facts, { message, field: name, offset: field.startOffset, expected: wanted, found });
}

/** White space as Unicode has it, which is what the format's first reader trims. */
export function isBlank(text: string): boolean {
  return /^\p{White_Space}*$/u.test(text);
}

function parseStringText(text: string): string {
  return String(JSON.parse(text));
}

function describeType(type: string | undefined): string {
  if (type === undefined) return 'nothing';
  if (type === 'null') return 'null';
  return /^[ao]/.test(type) ? `an ${type}` : `a ${type}`;
}

function shorten(text: string): string {
  return text.length > SHOWN_LIMIT ? `${text.slice(0, SHOWN_LIMIT)}…` : text;
}
