import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCheckpoint, rawJson, saveCheckpoint } from '../../src/checkpoint.ts';
import { makeJsonScanner } from '../../src/platform/exact-json/make-json-scanner.ts';
import { makeFolder } from '../helpers/make-folder.ts';

const HEAD = { runId: 'run', globalStep: 1, optimizerStep: 1, savedAtUnixSeconds: 1 };

/** Any state a trainer may have: keys and texts with everything Unicode has, whole numbers of any size. */
const text = fc.string({ unit: 'binary' });
const { state } = fc.letrec<{ readonly state: Record<string, unknown>; readonly value: unknown }>((tie) => ({
  state: fc.dictionary(text, tie('value'), { maxKeys: 6 }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    text,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 6 }),
    tie('state'),
  ),
}));

/** Numbers as JSON may spell them; each is finite as a double. */
const numberText = fc
  .stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?$/)
  .filter((spelled) => Number.isFinite(Number(spelled)));

/** Whole numbers within 2^53 come back as numbers, whatever they were given as. */
function normalize(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map((item) => normalize(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, normalize(field)] as const);
  return Object.fromEntries(fields);
}

test('saveCheckpoint: any two states come back as they were', async () => {
  await using folder = await makeFolder();
  await fc.assert(
    fc.asyncProperty(state, state, async (policyState, optimizerState) => {
      await saveCheckpoint({ ...HEAD, directory: folder.path, policyState, optimizerState });
      const loaded = await loadCheckpoint(folder.path);
      expect(await loaded.policyState.values()).toStrictEqual(normalize(policyState));
      expect(await loaded.optimizerState.values()).toStrictEqual(normalize(optimizerState));
    }),
    { numRuns: 300 },
  );
});

test('saveCheckpoint: raw text with any numbers comes back byte for byte, and so do its values when saved again', async () => {
  await using folder = await makeFolder();
  await fc.assert(
    fc.asyncProperty(fc.array(numberText), async (numbers) => {
      const policyText = `{"n":[${numbers.join(' , ')}]}`;
      const raw = { policyState: rawJson(policyText), optimizerState: rawJson('{ }') };
      await saveCheckpoint({ ...HEAD, directory: folder.path, ...raw });
      const { policyState } = await loadCheckpoint(folder.path);
      expect(await policyState.text()).toBe(policyText);
      const values = await policyState.values();
      await saveCheckpoint({ ...HEAD, directory: folder.path, policyState: values, optimizerState: {} });
      const again = await (await loadCheckpoint(folder.path)).policyState.values();
      expect(again).toStrictEqual(values);
    }),
    { numRuns: 300 },
  );
});

function isAccepted(bytes: Uint8Array, cuts: readonly number[]): boolean {
  const scanner = makeJsonScanner();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) scanner.push(bytes.subarray(from, places[index + 1] ?? bytes.length));
  return scanner.end();
}

/** What JSON.parse takes; beyond it the scanner refuses what a reader would change silently. */
function isParsed(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

test('makeJsonScanner: accepts whatever JSON.stringify writes, however it is cut', () => {
  fc.assert(
    fc.property(fc.json({ depthSize: 'medium' }), fc.array(fc.nat(), { maxLength: 8 }), (json, cuts) => {
      expect(isAccepted(Buffer.from(json), cuts)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test('makeJsonScanner: damaged JSON is accepted only where JSON.parse takes it, and the cuts change nothing', () => {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), drop: fc.nat(2) });
  fc.assert(
    fc.property(
      fc.json(),
      fc.array(damage, { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (json, hits, cuts) => {
        const bytes = [...Buffer.from(json)];
        for (const { at, byte, drop } of hits) bytes.splice(at % (bytes.length + 1), drop, byte);
        const damaged = Uint8Array.from(bytes);
        const accepted = isAccepted(damaged, cuts);
        expect(isAccepted(damaged, [])).toBe(accepted);
        if (accepted) expect(isParsed(damaged)).toBe(true);
      },
    ),
    { numRuns: 20_000 },
  );
});

test('makeJsonScanner: small texts of JSON letters are accepted exactly where JSON.parse takes them', () => {
  const letters = fc.array(
    fc.constantFrom(...'{}[],:"\\u0019d8.-+eE tfnrualse\n', 'true', 'null', '"a":', '1', '\u00e9'),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(letters, fc.array(fc.nat(), { maxLength: 4 }), (parts, cuts) => {
      const json = parts.join('');
      // What the scanner refuses on top of JSON is tested by name elsewhere.
      const isSpecial = /\\u[dD][89a-fA-F]|[eE]\+?\d{3}/.test(json) || json.split('"').length > 5;
      if (!isSpecial) expect(isAccepted(Buffer.from(json), cuts), json).toBe(isParsed(Buffer.from(json)));
    }),
    { numRuns: 50_000 },
  );
});
