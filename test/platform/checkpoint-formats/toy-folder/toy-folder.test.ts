import path from 'node:path';
import type { CheckpointFormat, ReadFacts } from '../../../../src/core/checkpoint/format.ts';
import type { ValidCheckpoint } from '../../../../src/core/checkpoint/schema.ts';
import { describeFormat } from '../contract.ts';
import { judge } from '../toy/judge.ts';
import { read, type ToyFacts } from '../toy/read.ts';

/** The parts of a folder; what is no folder is read as a part. */
type FolderFacts = ReadFacts & { readonly parts: readonly ToyFacts[] };

/** How many parts there are. */
const PART_COUNT = 2;

/** A made-up format of a folder: two toys, which are at the same step. */
const toyFolder: CheckpointFormat<FolderFacts> = {
  name: 'toy-folder',
  detect: ({ kind, names }) => kind === 'directory' && names.some((name) => name.endsWith('.toy')),
  async read(files, at) {
    const { kind, names } = await files.look(at);
    const found = names.filter((name) => name.endsWith('.toy')).map((name) => path.join(at, name));
    const parts: ToyFacts[] = [];
    for (const part of kind === 'directory' ? found : [at]) parts.push(await read(files, part));
    return { path: at, sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), parts };
  },
  judge({ path: at, parts }) {
    const verdicts = parts.map(judge);
    const refused = verdicts.find((verdict) => verdict.type === 'rejected');
    if (refused) return refused;
    const steps = new Set(verdicts.filter((one): one is ValidCheckpoint => one.type === 'valid').map(stepOf));
    const [first] = verdicts;
    if (first?.type === 'valid' && steps.size === 1 && verdicts.length === PART_COUNT) return { ...first, path: at };
    const [expected, found] = [`${PART_COUNT} parts of one step`, `${parts.length} of ${steps.size}`];
    const message = `no whole folder of toys: expected ${expected}, found ${found}`;
    return { type: 'rejected', code: 'CHECKPOINT_INVALID', path: at, message, field: 'step', expected, found };
  },
};

function stepOf({ head }: ValidCheckpoint): bigint | undefined {
  return head.globalStep;
}

const part = (letter: string) => Buffer.from(`TOY1 12 20\n${letter.repeat(20)}`);

describeFormat(toyFolder, {
  'a whole one': { name: 'checkpoint-12', files: { 'a.toy': part('a'), 'b.toy': part('b') } },
});
