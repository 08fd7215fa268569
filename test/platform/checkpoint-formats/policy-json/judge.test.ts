import { describe, expect, test } from 'vitest';
import { formatDigestText } from '../../../../src/platform/checkpoint-formats/policy-json/digest-field.ts';
import { judge } from '../../../../src/platform/checkpoint-formats/policy-json/judge.ts';
import type { PolicyFacts } from '../../../../src/platform/checkpoint-formats/policy-json/schema.ts';
import type { FieldFacts } from '../../../../src/platform/exact-json/schema.ts';

const field = (type: FieldFacts['type'], text?: string): FieldFacts => ({
  type,
  startOffset: 7,
  endOffset: 9,
  ...(text === undefined ? {} : { text }),
});
const GOOD: Readonly<Record<string, FieldFacts>> = {
  checkpoint_version: field('number', '1'),
  run_id: field('string', '"run-77"'),
  policy_state: field('object'),
  optimizer_state: field('object'),
  global_step: field('number', '900'),
  optimizer_step: field('number', '18446744073709551615'),
  saved_at_unix_seconds: field('number', '1764000000'),
};
const FILE = { path: 'p.json', sizeBytes: 10, rootType: 'object', computedDigest: 'ab' } as const;

function judgeWith(changes: Readonly<Record<string, FieldFacts | undefined>>, facts: Partial<PolicyFacts> = {}) {
  const entries = Object.entries({ ...GOOD, ...changes }).flatMap(([name, one]) => (one ? [[name, one] as const] : []));
  return judge({ ...FILE, fields: new Map(entries), ...facts });
}

test('judge: a whole checkpoint is valid, its steps exact', () => {
  expect(judgeWith({})).toEqual({
    type: 'valid',
    path: 'p.json',
    proven: false,
    head: {
      version: 1n,
      runId: 'run-77',
      globalStep: 900n,
      optimizerStep: 18446744073709551615n,
      savedAtUnixSeconds: 1764000000n,
    },
    progress: 'global_step 900, optimizer_step 18446744073709551615, saved at 1764000000',
    proved: ['structure'],
    notProved: ['digest'],
    missing: [],
  });
});

test.each(Object.keys(GOOD))('judge: %s absent is missing', (name) => {
  expect(judgeWith({ [name]: undefined })).toMatchObject({
    code: 'CHECKPOINT_INVALID',
    field: name,
    message: `missing required checkpoint field '${name}'`,
  });
});

test.each(Object.keys(GOOD))('judge: %s of a wrong type is not missing', (name) => {
  const verdict = judgeWith({ [name]: field('boolean', 'true') });
  expect(verdict).toMatchObject({ code: 'CHECKPOINT_INVALID', field: name, offset: 7, found: 'a boolean' });
  expect('message' in verdict && verdict.message).toMatch(/must be .*, and it is a boolean/);
});

test.each(['1.0', '1e0', '-0', '-1', '18446744073709551616'])('judge: %s is no step', (text) => {
  expect(judgeWith({ global_step: field('number', text) })).toMatchObject({
    field: 'global_step',
    found: `the number ${text}`,
  });
});

test.each(['0', '2', '4294967297', '18446744073709551617'])('judge: version %s is unsupported', (text) => {
  expect(judgeWith({ checkpoint_version: field('number', text), run_id: undefined })).toMatchObject({
    code: 'CHECKPOINT_VERSION_UNSUPPORTED',
    message: `unsupported checkpoint_version ${text} (supported: 1)`,
    found: text,
    expected: '1',
  });
});

test.each(['""', '" "', '"\\u0085\\u2003\\n"'])('judge: the blank run id %s must not be empty', (text) => {
  expect(judgeWith({ run_id: field('string', text) })).toMatchObject({
    field: 'run_id',
    message: "checkpoint field 'run_id' must not be empty",
  });
});

test('judge: a state that is an array must be a JSON object', () => {
  expect(judgeWith({ policy_state: field('array') })).toMatchObject({
    message: "checkpoint field 'policy_state' must be a JSON object, and it is an array",
  });
});

test('judge: a payload that is an array must be a JSON object', () => {
  expect(judgeWith({}, { rootType: 'array' })).toMatchObject({
    message: 'checkpoint payload must be a JSON object, and it is an array',
  });
});

test('judge: of several faults the first in the order of the format is the reason', () => {
  const order = Object.keys(GOOD);
  for (const [index, name] of order.entries()) {
    const gone = Object.fromEntries(order.slice(index).map((one) => [one, undefined]));
    expect(judgeWith(gone)).toMatchObject({ field: name });
  }
});

describe('judge: the digest', () => {
  test('proves the file when it matches', () => {
    expect(judgeWith({ salvor_digest: field('string', formatDigestText('ab')) })).toMatchObject({ proven: true });
  });

  test.each(['"sha256:AB"', '"sha256:ac"', '"sha512:ab"', '"sha256:\\u0061b"'])('refuses the file with %s', (text) => {
    expect(judgeWith({ salvor_digest: field('string', text) })).toMatchObject({
      code: 'CHECKPOINT_INVALID',
      field: 'salvor_digest',
      found: text,
    });
  });

  test('under a key one bit away is damaged, and under another key is a stranger', () => {
    const text = formatDigestText('ab');
    expect(judgeWith({ salvor_digesu: field('string', text) })).toMatchObject({
      field: 'salvor_digest',
      found: 'salvor_digesu',
    });
    expect(judgeWith({ salvor_digess: field('string', text) })).toMatchObject({ type: 'valid', proven: false });
  });

  test('is told when it does not match an unsupported version either', () => {
    const verdict = judgeWith({ checkpoint_version: field('number', '3'), salvor_digest: field('string', '"x"') });
    expect(verdict).toMatchObject({ code: 'CHECKPOINT_VERSION_UNSUPPORTED' });
    expect('message' in verdict && verdict.message).toMatch(/^unsupported checkpoint_version 3 .*digest/);
  });
});

test('judge: a file that is not there is missing, one that cannot be read is unreadable', () => {
  const unread = (reason: 'missing' | 'dangling_link' | 'no_permission') =>
    judgeWith({}, { readProblem: { reason, found: 'why' } });
  expect(unread('missing')).toMatchObject({ code: 'CHECKPOINT_MISSING', message: 'why' });
  expect(unread('dangling_link')).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
  expect(unread('no_permission')).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
});
