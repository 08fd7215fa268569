/** What a training loop may get wrong is said where it was said, and changes nothing. */
import { readdirSync, symlinkSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import * as library from '../src/checkpoint.ts';
import { makeFolder } from './helpers/make-folder.ts';

/** A save makes its directory before it looks at everything it was given. */
const FOLDER = await makeFolder();
const NOWHERE = FOLDER.at('at/all');
afterAll(() => FOLDER[Symbol.asyncDispose]());

const STEP = { runId: 'r', globalStep: 1, optimizerStep: 1, policyState: {}, optimizerState: {} };

const { inspectCheckpoint, loadCheckpoint, loadCheckpointFile, rawJson, restoreCheckpoint, saveCheckpoint } = library;
const API = { inspectCheckpoint, loadCheckpoint, loadCheckpointFile, rawJson, restoreCheckpoint, saveCheckpoint };

/** Calls as JavaScript may: with anything. */
const call = (name: keyof typeof API, ...given: readonly unknown[]): unknown =>
  (API[name] as (...args: readonly unknown[]) => unknown)(...given);

const { rawJSON: raw } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
const cyclic: unknown[] = [];
cyclic.push({ cyclic });

const MISUSES: readonly (readonly [
  what: string,
  name: Parameters<typeof call>[0],
  given: readonly unknown[],
  RegExp,
])[] = [
  ['no options', 'saveCheckpoint', [], /saveCheckpoint: the options must be an object, and they are of type undefined/],
  ['null for options', 'saveCheckpoint', [null], /they are null/],
  ['a list for options', 'saveCheckpoint', [[]], /they are an array/],
  [
    'an unknown option',
    'saveCheckpoint',
    [{ ...STEP, optimiserStep: 1 }],
    /'optimiserStep'; did you mean optimizerStep\?/,
  ],
  ['no directory', 'saveCheckpoint', [STEP], /directory must be a path, and it is of type undefined/],
  ['an empty directory', 'saveCheckpoint', [{ ...STEP, directory: '' }], /directory is empty/],
  ['a directory with a NUL', 'saveCheckpoint', [{ ...STEP, directory: 'a\0b' }], /directory has a NUL in it/],
  ['a URL for a directory', 'saveCheckpoint', [{ ...STEP, directory: new URL('file:///tmp') }], /it is of type object/],
  [
    'no run id',
    'saveCheckpoint',
    [step({ runId: undefined })],
    /'run_id' must be a string, and it is of type undefined/,
  ],
  [
    'a number for a run id',
    'saveCheckpoint',
    [step({ runId: 7 })],
    /'run_id' must be a string, and it is of type number/,
  ],
  ['no step', 'saveCheckpoint', [step({ globalStep: undefined })], /'global_step' must be .* it is of type undefined/],
  ['a step as text', 'saveCheckpoint', [step({ globalStep: '5' })], /'global_step' must be .* it is of type string/],
  ['a symbol for a step', 'saveCheckpoint', [step({ globalStep: Symbol('s') })], /it is of type symbol/],
  [
    'a step that is no number',
    'saveCheckpoint',
    [step({ optimizerStep: Number.NaN })],
    /'optimizer_step' .* it is NaN/,
  ],
  ['no state', 'saveCheckpoint', [step({ policyState: undefined })], /\$\.policy_state is undefined/],
  ['null for a state', 'saveCheckpoint', [step({ policyState: null })], /'policy_state' must be a JSON object/],
  ['text for a state', 'saveCheckpoint', [step({ policyState: '{}' })], /'policy_state' must be a JSON object/],
  ['a list for a state', 'saveCheckpoint', [step({ policyState: [] })], /'policy_state' must be a JSON object/],
  ['a Map for a state', 'saveCheckpoint', [step({ policyState: new Map() })], /is an object of class Map/],
  [
    'a function in a state',
    'saveCheckpoint',
    [step({ policyState: { f: () => 1 } })],
    /\$\.policy_state\.f is function/,
  ],
  [
    'a symbol in a state',
    'saveCheckpoint',
    [step({ policyState: { f: Symbol('s') } })],
    /\$\.policy_state\.f is symbol/,
  ],
  ['a symbol as a key', 'saveCheckpoint', [step({ policyState: { [Symbol('s')]: 1 } })], /has a symbol as a key/],
  ['a hole', 'saveCheckpoint', [step({ policyState: { w: Array(2) } })], /\$\.policy_state\.w\[0\] is undefined/],
  [
    'an endless state',
    'saveCheckpoint',
    [step({ policyState: { cyclic } })],
    /nests deeper than 127 levels, or holds itself/,
  ],
  [
    'what writes itself',
    'saveCheckpoint',
    [step({ policyState: { a: [{ toJSON: () => 1 }] } })],
    /\.a\[0\] .* a toJSON/,
  ],
  ['infinity', 'saveCheckpoint', [step({ policyState: { w: new Float64Array([1 / 0]) } })], /\.w\[0\] is Infinity/],
  [
    'a bigint beyond a double',
    'saveCheckpoint',
    [step({ policyState: { n: 10n ** 400n } })],
    /\.n is larger than a double/,
  ],
  [
    'raw JSON beyond a double',
    'saveCheckpoint',
    [step({ policyState: { n: raw('1e400') } })],
    /\.n is larger than a double/,
  ],
  [
    'raw JSON that is half a character',
    'saveCheckpoint',
    [step({ policyState: [raw('"\\ud800"')] })],
    /half a surrogate/,
  ],
  [
    'a key of a megabyte',
    'saveCheckpoint',
    [step({ policyState: { ['k'.repeat(2 ** 20)]: 1 } })],
    /has a key of more than/,
  ],
  ['a digest by name', 'saveCheckpoint', [step({ digest: 'sha256' })], /digest must be true or false/],
  [
    'a wait that is no number',
    'saveCheckpoint',
    [step({ waitMs: Number.NaN })],
    /waitMs must be a number .* it is NaN/,
  ],
  ['a wait below zero', 'saveCheckpoint', [step({ waitMs: -1 })], /waitMs must be a number .* it is -1/],
  ['a number for raw text', 'rawJson', [5], /rawJson: the text must be a string, bytes or a stream of bytes/],
  ['nothing for raw text', 'rawJson', [], /it is of type undefined/],
  ['nothing to load', 'loadCheckpoint', [], /loadCheckpoint: directory must be a path/],
  ['a switch for options', 'loadCheckpoint', [NOWHERE, true], /the options must be an object/],
  ['an unknown option of a load', 'loadCheckpoint', [NOWHERE, { fallbck: true }], /did you mean fallback\?/],
  ['a word for a switch', 'loadCheckpoint', [NOWHERE, { fallback: 'yes' }], /fallback must be true or false/],
  ['nothing to load from', 'loadCheckpointFile', [{}], /loadCheckpointFile: path must be a path/],
  ['a fallback that is no path', 'loadCheckpointFile', [NOWHERE, true], /fallbackPath must be a path/],
  ['a descriptor to inspect', 'inspectCheckpoint', [1], /inspectCheckpoint: path must be a path/],
  ['nothing to restore', 'restoreCheckpoint', [NOWHERE], /restoreCheckpoint: from must be a path/],
];

function step(change: Readonly<Record<string, unknown>>) {
  return { ...STEP, directory: NOWHERE, ...change };
}

describe('salvor/checkpoint', () => {
  test.each(MISUSES)('refuses %s, in a promise where there is one', async (...[, name, given, message]) => {
    const act = () => call(name, ...given);
    const refused = expect.objectContaining({
      name: 'RecoveryError',
      code: 'CHECKPOINT_INPUT_INVALID',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('Correct what was given'),
    });
    if (name === 'rawJson') expect(act).toThrow(refused);
    else await expect(act()).rejects.toThrow(refused);
  });

  test('a stream of text is refused, since it may cut a character in two', async () => {
    await using folder = await makeFolder();
    const texts = async function* () {
      yield '{}';
    };
    const policyState = call('rawJson', texts()) as library.RawJson;
    const save = saveCheckpoint({ ...STEP, directory: folder.path, policyState });
    await expect(save).rejects.toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_INPUT_INVALID',
        message: expect.stringContaining('a chunk must be bytes, and it is of type string'),
      }),
    );
    expect(readdirSync(folder.path)).toEqual(['.policy-checkpoint.lock']);
  });

  test('isRecoveryError: tells its errors from others', async () => {
    const error = await loadCheckpoint(NOWHERE).catch((thrown: unknown) => thrown);
    expect([error, new Error('x'), undefined].map(library.isRecoveryError)).toEqual([true, false, false]);
    expect(error).toBeInstanceOf(library.RecoveryError);
  });
});

describe('saves that are begun and not awaited', () => {
  test('end in the order they were begun, however the directory is spelled, and the last one stays', async () => {
    await using folder = await makeFolder();
    symlinkSync(folder.path, folder.at('alias'));
    const ended: number[] = [];
    const spellings = [folder.path, `${folder.path}/`, folder.at('alias')];
    const saves = Array.from({ length: 12 }, async (_, at) => {
      // The first ones are the largest: without turns they would end last.
      const policyState = { w: Array.from({ length: 20_000 >> at }, () => at) };
      const directory = spellings[at % spellings.length];
      await saveCheckpoint({ ...STEP, directory: directory ?? '', globalStep: at, policyState });
      ended.push(at);
    });
    await Promise.all(saves);
    expect(ended).toEqual(Array.from({ length: 12 }, (_, at) => at));
    const loaded = await loadCheckpoint(folder.path);
    expect(loaded.globalStep).toBe(11n);
  });

  test('save the state as it was at the call', async () => {
    await using folder = await makeFolder();
    const policyState = { w: [1, 2, 3], inner: { b: 1n } };
    const saves = [1, 2, 3].map((step) => {
      policyState.w[0] = step;
      policyState.inner.b = BigInt(step) * 2n ** 60n;
      return saveCheckpoint({ ...STEP, directory: folder.path, globalStep: step, policyState });
    });
    policyState.w.length = 0;
    await Promise.all(saves);
    const { policyState: saved } = await loadCheckpoint(folder.path);
    expect(await saved.values()).toEqual({ w: [3, 2, 3], inner: { b: 3n * 2n ** 60n } });
  });

  test('go on when one of them fails', async () => {
    await using folder = await makeFolder();
    const options = { ...STEP, directory: folder.path };
    const saves = [{}, { policyState: rawJson('[]') }, { globalStep: 3 }].map((change) =>
      saveCheckpoint({ ...options, ...change }),
    );
    const ends = await Promise.allSettled(saves);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await loadCheckpoint(folder.path)).globalStep).toBe(3n);
  });
});
