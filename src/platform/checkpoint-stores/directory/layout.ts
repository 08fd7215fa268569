/** Where a directory keeps its policy checkpoints. Source: formats/tau 2. */
import { join } from 'node:path';

/** The names in a checkpoint directory. */
export type CheckpointLayout = {
  readonly directory: string;
  readonly primary: string;
  readonly fallback: string;
  readonly lock: string;
  /** What the saver of this process writes before it takes the primary's place. */
  readonly beside: string;
  /** A second name of the old primary before it takes the fallback's place. */
  readonly besideFallback: string;
};

const PRIMARY = 'policy-checkpoint.json';
const FALLBACK = 'policy-checkpoint.rollback.json';
const BESIDE = /^\.policy-checkpoint(?:\.rollback)?\.json\.\d+\.tmp$/;

/** The layout of one directory. */
export function layoutOf(directory: string): CheckpointLayout {
  return {
    directory,
    primary: join(directory, PRIMARY),
    fallback: join(directory, FALLBACK),
    lock: join(directory, '.policy-checkpoint.lock'),
    beside: join(directory, `.${PRIMARY}.${process.pid}.tmp`),
    besideFallback: join(directory, `.${FALLBACK}.${process.pid}.tmp`),
  };
}

/** Whether a name is what a saver leaves when it dies. */
export function isLeftover(name: string): boolean {
  return BESIDE.test(name);
}

/** The name under which a file that is no generation any more is kept: by its content, so that none replaces another. */
export function asidePath(directory: string, sha256: string): string {
  return join(directory, `policy-checkpoint.aside-${sha256.slice(0, 16)}.json`);
}
