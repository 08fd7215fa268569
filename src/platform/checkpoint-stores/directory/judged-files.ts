import { stat } from 'node:fs/promises';
import { type CheckpointFormat, judgePath, type ReadFacts } from '../../../core/checkpoint/format.ts';
import type { CheckpointVerdict } from '../../../core/checkpoint/schema.ts';
import { hostFiles } from '../../files/host-files.ts';
import { formatIdentity } from '../../files/open-regular-file.ts';

/** How many files are remembered: the generations of some directories. */
const REMEMBERED = 16;

/** What was judged of files in this process, by format and identity, the latest last. */
const judged = new Map<string, CheckpointVerdict>();

/** Judges files of one format. */
export type JudgedFiles = {
  /**
   * Judges a checkpoint file, from memory when this process judged the very same file before and nobody has written to
   * it since: a training loop would otherwise read two generations again for every one it saves. Errors: none.
   */
  readonly judge: (path: string) => Promise<CheckpointVerdict>;
  /** Remembers what is known of a file that was just written. Errors: none. */
  readonly remember: (path: string, verdict: CheckpointVerdict) => Promise<void>;
};

/** Judges the files of a format with the memory of this process. */
export function makeJudgedFiles<Facts extends ReadFacts>(format: CheckpointFormat<Facts>): JudgedFiles {
  const nameFile = (identity: string): string => `${format.name}:${identity}`;
  return {
    async judge(path) {
      const identity = await identify(path);
      const known = identity === undefined ? undefined : judged.get(nameFile(identity));
      if (known !== undefined) return { ...known, path };
      const { facts, verdict } = await judgePath(format, hostFiles, path);
      if (facts.identity !== undefined) note(nameFile(facts.identity), verdict);
      return verdict;
    },
    async remember(path, verdict) {
      const identity = await identify(path);
      if (identity !== undefined) note(nameFile(identity), verdict);
    },
  };
}

function note(key: string, verdict: CheckpointVerdict): void {
  judged.delete(key);
  judged.set(key, verdict);
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
