import { stat } from 'node:fs/promises';
import type { CheckpointVerdict } from '../../../core/checkpoint/schema.ts';
import { readCheckpoint } from '../../checkpoint-formats/policy-json/read-checkpoint.ts';
import { formatIdentity } from '../../files/open-regular-file.ts';

/** How many files are remembered: the generations of some directories. */
const REMEMBERED = 16;

/** What was judged of files in this process, by their identity, the latest last. */
const judged = new Map<string, CheckpointVerdict>();

/**
 * Judges a checkpoint file, from memory when this process judged the very same file before and nobody has written to it
 * since: a training loop would otherwise read two generations again for every one it saves.
 *
 * Errors: none; every reason is a value.
 */
export async function judgeFile(path: string): Promise<CheckpointVerdict> {
  const known = judged.get((await identify(path)) ?? '');
  if (known !== undefined) return { ...known, path };
  const { verdict, identity } = await readCheckpoint(path);
  if (identity !== undefined) remember(identity, verdict);
  return verdict;
}

/** Remembers what is known of a file that was just written. Errors: none. */
export async function rememberFile(path: string, verdict: CheckpointVerdict): Promise<void> {
  const identity = await identify(path);
  if (identity !== undefined) remember(identity, verdict);
}

function remember(identity: string, verdict: CheckpointVerdict): void {
  judged.delete(identity);
  judged.set(identity, verdict);
  for (const [oldest] of judged) {
    if (judged.size <= REMEMBERED) return;
    judged.delete(oldest);
  }
}

async function identify(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? formatIdentity(stats) : undefined;
  } catch {
    return undefined;
  }
}
