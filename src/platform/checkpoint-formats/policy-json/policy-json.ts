import type { KeptFormat } from '../../../core/checkpoint/store.ts';
import { detect } from './detect.ts';
import { judge } from './judge.ts';
import { makeReader } from './make-reader.ts';
import { read } from './read.ts';
import type { PolicyCheckpoint, PolicyFacts } from './schema.ts';

/** Policy checkpoints: one JSON file, as Tau writes it. Source: formats/tau 2.4. */
export const policyJson: KeptFormat<PolicyFacts, PolicyCheckpoint> = {
  name: 'policy-json',
  detect,
  read,
  judge,
  fileName: { stem: 'policy-checkpoint', ending: '.json' },
  makeReader,
};
