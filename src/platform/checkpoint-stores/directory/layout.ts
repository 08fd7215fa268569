/** Where a directory keeps the generations of one format. */
import { join } from 'node:path';
import type { KeptFormat } from '../../../core/checkpoint/store.ts';

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
  /** Whether a name is what a saver leaves when it dies. */
  readonly isLeftover: (name: string) => boolean;
  /** The name under which a file that is no generation any more is kept: by its content, so that none replaces another. */
  readonly asidePath: (sha256: string) => string;
};

/** A name that a saver writes beside, behind its first dot. */
const BESIDE = /^\d+\.tmp$/;

/** The layout of one directory. Source: formats/tau 2; the fallback is the file that Tau rolls back to. */
export function layoutOf(directory: string, { stem, ending }: KeptFormat<never, never>['fileName']): CheckpointLayout {
  const primary = `${stem}${ending}`;
  const fallback = `${stem}.rollback${ending}`;
  return {
    directory,
    primary: join(directory, primary),
    fallback: join(directory, fallback),
    lock: join(directory, `.${stem}.lock`),
    beside: join(directory, `.${primary}.${process.pid}.tmp`),
    besideFallback: join(directory, `.${fallback}.${process.pid}.tmp`),
    isLeftover: (name) =>
      [primary, fallback].some((one) => name.startsWith(`.${one}.`) && BESIDE.test(name.slice(one.length + 2))),
    asidePath: (sha256) => join(directory, `${stem}.aside-${sha256.slice(0, 16)}${ending}`),
  };
}
