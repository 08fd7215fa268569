import type { CheckpointVerdict } from '../../../core/checkpoint/schema.ts';
import type { LinkRule } from '../../files/open-regular-file.ts';
import { judgeCheckpoint } from './judge-checkpoint.ts';
import { type ReadCheckpoint, readCheckpointFacts } from './read-checkpoint-facts.ts';

/** One file, read and judged. */
export type JudgedCheckpoint = ReadCheckpoint & { readonly verdict: CheckpointVerdict };

/** Reads one checkpoint file and judges it. Errors: none; every reason is a value. */
export async function readCheckpoint(path: string, links?: LinkRule): Promise<JudgedCheckpoint> {
  const read = await readCheckpointFacts(path, links);
  return { ...read, verdict: judgeCheckpoint(read.facts) };
}
