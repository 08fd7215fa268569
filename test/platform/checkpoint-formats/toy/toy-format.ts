import type { CheckpointFormat } from '../../../../src/core/checkpoint/format.ts';
import { detect } from './detect.ts';
import { judge } from './judge.ts';
import { read, type ToyFacts } from './read.ts';

/** A made-up format: a line `TOY1 <step> <bytes>`, then so many bytes. */
export const toyFormat: CheckpointFormat<ToyFacts> = { name: 'toy', detect, read, judge };
