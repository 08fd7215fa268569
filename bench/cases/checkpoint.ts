import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type LoadedCheckpoint, loadCheckpoint, type SaveOptions, saveCheckpoint } from '../../src/checkpoint.ts';
import type { Bench } from '../measure/bench.ts';
import { interleave, type Measure } from '../measure/interleave.ts';
import { timeProcessor } from '../measure/processor-time.ts';
import { compare, type Goal, type Result } from '../measure/result.ts';
import { makeTemporaryFolder } from '../state/temporary-folder.ts';

type Act = () => unknown;

/** Policy checkpoints of one array of doubles, against what a training loop would write without Salvor. */
export const checkpoint: Bench = {
  name: 'checkpoint',
  async run({ fewPairs, doubles }) {
    using folder = makeTemporaryFolder();
    const options = makeOptions(folder.path, doubles);
    await saveCheckpoint(options);
    const loaded = await loadCheckpoint(folder.path);
    const against = async (name: string, ours: Act, theirs: Theirs): Promise<Result> => {
      const measure =
        (act: Act): Measure =>
        () =>
          timeProcessor(act);
      const measured = await interleave(measure(ours), measure(theirs.act), fewPairs);
      return compare(`${name}, ${doubles} doubles`, measured, {
        against: theirs.name,
        ...(theirs.goal === undefined ? {} : { goal: theirs.goal }),
        measuredIn: 'ms',
      });
    };
    return [...(await benchLoad(loaded, against)), ...(await benchSave(options, against))];
  },
};

type Theirs = { readonly name: string; readonly act: Act; readonly goal?: Goal };
type Against = (name: string, ours: Act, theirs: Theirs) => Promise<Result>;

async function benchLoad(loaded: LoadedCheckpoint, against: Against): Promise<readonly Result[]> {
  const text = await loaded.policyState.text();
  const values = () => loaded.policyState.values();
  const readAndParse = () => JSON.parse(readFileSync(loaded.path, 'utf8'));
  const loadAll = async () => (await loadCheckpoint(path.dirname(loaded.path))).policyState.values();
  const parseAndDigest = () => {
    const bytes = readFileSync(loaded.path);
    return [createHash('sha256').update(bytes).digest('hex'), JSON.parse(bytes.toString('utf8'))];
  };
  return [
    await against('values()', values, {
      name: 'JSON.parse of its text in memory',
      act: () => JSON.parse(text),
      goal: { atMost: 2 },
    }),
    await against('values()', values, { name: 'reading and JSON.parse', act: readAndParse }),
    await against('load and values()', loadAll, { name: 'reading, SHA-256 and JSON.parse', act: parseAndDigest }),
  ];
}

async function benchSave(options: SaveOptions, against: Against): Promise<readonly Result[]> {
  using plain = makeTemporaryFolder();
  const save = () => saveCheckpoint(options);
  return [
    await against('save', save, {
      name: 'JSON.stringify, write, sync, rename',
      act: () => savePlainly(plain.path, options, false),
      goal: { atMost: 1.5 },
    }),
    await against('save', save, {
      name: 'the same, and the directory synced',
      act: () => savePlainly(plain.path, options, true),
    }),
  ];
}

function makeOptions(directory: string, count: number): SaveOptions {
  let seed = 1;
  const weights = Array.from({ length: count }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (seed / 2_147_483_647) * 2 - 1;
  });
  return { directory, runId: 'bench', globalStep: 1, optimizerStep: 1, policyState: { weights }, optimizerState: {} };
}

/** What a training loop does that knows of crashes: all of it is there, or nothing of it. */
function savePlainly(folder: string, { runId, policyState, optimizerState }: SaveOptions, isDurable: boolean): void {
  const beside = path.join(folder, 'beside');
  const file = openSync(beside, 'w');
  writeSync(file, JSON.stringify({ runId, policyState, optimizerState }));
  fsyncSync(file);
  closeSync(file);
  renameSync(beside, path.join(folder, 'checkpoint.json'));
  if (!isDurable) return;
  const directory = openSync(folder, 'r');
  fsyncSync(directory);
  closeSync(directory);
}
