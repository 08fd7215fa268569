import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  inspectCheckpoint,
  loadCheckpoint,
  loadCheckpointFile,
  rawJson,
  type SaveOptions,
  saveCheckpoint,
} from '../src/checkpoint.ts';
import { makeFolder } from './helpers/make-folder.ts';

const FIXTURES = path.join(import.meta.dirname, '../fixtures/tau/policy');
const STATE = { layers: [{ w: [0.1, -0, 1e-7], name: 'é😀' }], empty: {} };
const OPTIONS = {
  runId: 'run-77',
  globalStep: 900,
  optimizerStep: 18446744073709551615n,
  savedAtUnixSeconds: 1_764_000_000,
  policyState: STATE,
  optimizerState: { lr: 0.001 },
};

test('C-01: what was saved is loaded: both states and every counter, exactly', async () => {
  await using folder = await makeFolder();
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  const loaded = await loadCheckpoint(folder.path, { fallback: true });
  expect(loaded).toMatchObject({
    source: 'primary',
    diagnostics: [],
    proven: true,
    runId: 'run-77',
    globalStep: 900n,
    optimizerStep: 18446744073709551615n,
    savedAtUnixSeconds: 1_764_000_000n,
  });
  expect(await loaded.policyState.values()).toEqual(STATE);
  expect(await loaded.optimizerState.values()).toEqual({ lr: 0.001 });
});

test('C-02: with a broken primary the fallback is loaded, and the diagnostics say why', async () => {
  await using folder = await makeFolder();
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  await saveCheckpoint({ ...OPTIONS, directory: folder.path, globalStep: 901 });
  const primary = folder.at('policy-checkpoint.json');
  writeFileSync(primary, readFileSync(primary).subarray(0, 100));
  const loaded = await loadCheckpoint(folder.path, { fallback: true });
  expect(loaded).toMatchObject({ source: 'fallback', globalStep: 900n });
  expect(loaded.diagnostics).toEqual([
    expect.stringMatching(/^primary checkpoint load failed: .*policy-checkpoint\.json: .* at byte 100 /),
  ]);
  expect(await loaded.policyState.values()).toEqual(STATE);
  await expect(loadCheckpoint(folder.path)).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' });
});

test('C-03: an unsupported version has an error of its own, the same each time', async () => {
  const file = path.join(FIXTURES, 'unsupported-version.json');
  const messages = [];
  for (let round = 0; round < 2; round++) {
    const error = await loadCheckpointFile(file).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'CHECKPOINT_VERSION_UNSUPPORTED', details: { expected: '1', found: '2' } });
    messages.push(error.message);
  }
  expect(messages).toEqual(Array(2).fill(`${file}: unsupported checkpoint_version 2 (supported: 1)`));
});

test('loadCheckpoint: with two refused generations both reasons are told', async () => {
  await using folder = await makeFolder({ 'policy-checkpoint.json': '[]' });
  await expect(loadCheckpoint(folder.path, { fallback: true })).rejects.toMatchObject({
    code: 'CHECKPOINT_NONE_VALID',
    message: expect.stringMatching(
      /primary checkpoint load failed: .* must be a JSON object.*fallback checkpoint load failed: .*no such file/,
    ),
  });
});

test('saveCheckpoint: the file is pretty JSON in the format of the first reader, its digest a key beside', async () => {
  await using folder = await makeFolder();
  const { digest } = await saveCheckpoint({ ...OPTIONS, optimizerStep: 450, directory: folder.path });
  const text = readFileSync(folder.at('policy-checkpoint.json'), 'utf8');
  const fields = {
    checkpoint_version: 1,
    run_id: 'run-77',
    policy_state: STATE,
    optimizer_state: { lr: 0.001 },
    global_step: 900,
    optimizer_step: 450,
    saved_at_unix_seconds: 1_764_000_000,
    salvor_digest: `sha256:${digest}`,
  };
  expect(JSON.parse(text)).toEqual(fields);
  expect(text).toBe(JSON.stringify(fields, null, 2).replace(/\b0,\n(\s+1e-7)/, '-0.0,\n$1'));
  await saveCheckpoint({ ...OPTIONS, directory: folder.path, digest: false });
  expect(readFileSync(folder.at('policy-checkpoint.json'), 'utf8')).not.toContain('salvor_digest');
});

test('saveCheckpoint: raw text keeps every byte: numbers, key order, spelling, white space', async () => {
  await using folder = await makeFolder();
  const whole = readFileSync(path.join(FIXTURES, 'exact-numbers.json'), 'utf8');
  const text = `${whole.slice(whole.indexOf('{"b"'), whole.indexOf(',"optimizer_state"'))} `;
  const cut = async function* () {
    for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
  };
  for (const raw of [text, Buffer.from(text), cut()]) {
    await saveCheckpoint({
      ...OPTIONS,
      directory: folder.path,
      policyState: rawJson(raw),
      optimizerState: rawJson('{}'),
    });
    const { policyState } = await loadCheckpoint(folder.path);
    expect(await policyState.text()).toBe(text.trimEnd());
  }
});

describe('values', () => {
  test('of doubles that look whole are doubles to every reader', async () => {
    await using folder = await makeFolder();
    await saveCheckpoint({ ...OPTIONS, directory: folder.path, policyState: { w: [-0, 2 ** 60], n: -0 } });
    const { policyState } = await loadCheckpoint(folder.path);
    expect((await policyState.text()).replaceAll(/\s/g, '')).toBe('{"w":[-0.0,1.152921504606847e+18],"n":-0.0}');
    expect(await policyState.values()).toEqual({ w: [-0, 2 ** 60], n: -0 });
  });

  test('of numbers stay exact in both states, however many a double cannot hold', async () => {
    await using folder = await makeFolder();
    for (const count of [3, 2_000]) {
      const ids = Array.from({ length: count }, (_item, at) => 2n ** 60n + BigInt(at));
      const states = { policyState: { ids, w: [0.1, 0.12345678901234568] }, optimizerState: { lr: 0.5, ids } };
      await saveCheckpoint({ ...OPTIONS, ...states, directory: folder.path });
      const { policyState, optimizerState } = await loadCheckpoint(folder.path);
      expect(await policyState.values()).toEqual(states.policyState);
      expect(await optimizerState.values()).toEqual(states.optimizerState);
    }
  });

  test('of numbers a double cannot hold stay exact, and are saved with the same text', async () => {
    await using folder = await makeFolder();
    const text = '{"a":9007199254740993,"b":-0,"c":0.1000000000000000055511151231257827,"d":1.50,"e":1e-400,"f":[1E3]}';
    await saveCheckpoint({ ...OPTIONS, directory: folder.path, policyState: rawJson(text) });
    const values = await (await loadCheckpoint(folder.path)).policyState.values();
    expect(values).toMatchObject({ a: 9007199254740993n, b: -0, d: 1.5, f: [1000] });
    await saveCheckpoint({ ...OPTIONS, directory: folder.path, policyState: values });
    const again = await (await loadCheckpoint(folder.path)).policyState.text();
    expect(again.replaceAll(/\s/g, '')).toBe(text.replace('1.50', '1.5').replace('1E3', '1000').replace('-0', '-0.0'));
  });

  test('of typed arrays are numbers', async () => {
    await using folder = await makeFolder();
    const policyState = { f: new Float32Array([0.1, -0]), i: new BigInt64Array([-9223372036854775808n]) };
    await saveCheckpoint({ ...OPTIONS, directory: folder.path, policyState });
    expect(await (await loadCheckpoint(folder.path)).policyState.values()).toEqual({
      f: [0.10000000149011612, -0],
      i: [-9223372036854775808n],
    });
  });
});

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

const REFUSED: readonly (readonly [string, Partial<SaveOptions>, RegExp])[] = [
  ['NaN', { policyState: { w: [1, Number.NaN] } }, /\$\.policy_state\.w\[1\] is NaN/],
  ['undefined', { optimizerState: { m: undefined } }, /\$\.optimizer_state\.m is undefined/],
  ['a Date', { policyState: { at: new Date(0) } }, /\$\.policy_state\.at is an object of class Date/],
  ['a state that holds itself', { policyState: cyclic }, /nests deeper than 127 levels/],
  ['half a surrogate pair', { policyState: { s: '\ud800' } }, /half a surrogate pair/],
  ['half a surrogate pair in the run id', { runId: 'a\ud800' }, /run_id.*surrogate/],
  ['a blank run id', { runId: ' \u0085' }, /'run_id' must not be empty/],
  ['a fraction of a step', { globalStep: 1.5 }, /'global_step' must be a whole number.* it is 1.5/],
  ['a number that lost digits', { globalStep: 2 ** 53 }, /'global_step'/],
  ['a step beyond 64 bits', { optimizerStep: 2n ** 64n }, /'optimizer_step'/],
  ['a step below zero', { optimizerStep: -1 }, /'optimizer_step'/],
  ['a list as state', { policyState: rawJson('[]') }, /'policy_state' must be a JSON object, and it is of type array/],
  ['raw text with a problem', { policyState: rawJson('{"a":1,}') }, /'policy_state' is not valid at byte 7 /],
  ['raw text that is cut', { policyState: rawJson('{"a":') }, /'policy_state' must be one JSON object/],
  ['raw text that is empty', { policyState: rawJson(' ') }, /'policy_state' must be one JSON object/],
  ['raw text that goes on', { policyState: rawJson('{},"extra":{}') }, /must be one JSON object and nothing else/],
  [
    'raw text that takes a field',
    { policyState: rawJson('{},"global_step":7') },
    /must be one JSON object and nothing/,
  ],
  [
    'raw text that closes the file',
    { policyState: rawJson('{}}') },
    /must be one JSON object and nothing else|not valid/,
  ],
  ['raw text that says a field twice', { optimizerState: rawJson('{"a":1,"a":2}') }, /the same key again/],
  ['raw text with 1e400', { optimizerState: rawJson('{"a":1e400}') }, /a number a double can hold/],
];

test.each(REFUSED)('saveCheckpoint: %s is refused, and the old checkpoint stays', async (_what, change, message) => {
  await using folder = await makeFolder();
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  const before = readFileSync(folder.at('policy-checkpoint.json'));
  const attempt = saveCheckpoint({ ...OPTIONS, directory: folder.path, ...change });
  await expect(attempt).rejects.toMatchObject({
    code: 'CHECKPOINT_INPUT_INVALID',
    message: expect.stringMatching(message),
  });
  expect(readFileSync(folder.at('policy-checkpoint.json'))).toEqual(before);
});

test('saveCheckpoint: a source that fails is told with its cause, and the old checkpoint stays', async () => {
  await using folder = await makeFolder();
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  const cause = new Error('the network is gone');
  const broken = async function* () {
    yield Buffer.from('{"w":[1,');
    throw cause;
  };
  const attempt = saveCheckpoint({ ...OPTIONS, directory: folder.path, policyState: rawJson(broken()) });
  await expect(attempt).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_SAVED', cause });
  expect(await loadCheckpoint(folder.path, { fallback: true })).toMatchObject({ source: 'primary', globalStep: 900n });
});

test('saveCheckpoint: the permissions of the old primary are kept', async () => {
  await using folder = await makeFolder();
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  chmodSync(folder.at('policy-checkpoint.json'), 0o600);
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  expect(statSync(folder.at('policy-checkpoint.json')).mode & 0o777).toBe(0o600);
});

test('loadCheckpoint: a state read after another save took the place is refused, not mixed', async () => {
  await using folder = await makeFolder();
  await saveCheckpoint({ ...OPTIONS, directory: folder.path });
  const loaded = await loadCheckpoint(folder.path);
  await saveCheckpoint({ ...OPTIONS, directory: folder.path, globalStep: 901 });
  await expect(loaded.policyState.text()).rejects.toMatchObject({ code: 'CHECKPOINT_CHANGED' });
});

test('inspectCheckpoint: a refused file is a verdict with file, place and reason', async () => {
  await using folder = await makeFolder({ 'c.json': '{"checkpoint_version":1,"run_id":7}' });
  expect(await inspectCheckpoint(folder.at('c.json'))).toMatchObject({
    sizeBytes: 35,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    verdict: { type: 'rejected', path: folder.at('c.json'), field: 'run_id', offset: 33, found: 'the number 7' },
  });
});
