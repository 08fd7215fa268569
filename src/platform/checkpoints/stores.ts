/** The places that keep checkpoints; whoever adds one adds a folder and a line. */
import type { ReadFacts } from '../../core/checkpoint/format.ts';
import type { ValidCheckpoint } from '../../core/checkpoint/schema.ts';
import type { CheckpointStore, KeptFormat } from '../../core/checkpoint/store.ts';
import { openDirectoryStore } from '../checkpoint-stores/directory/open-directory-store.ts';

/** How a store waits for another saver. */
export type StoreOptions = { readonly waitMs: number };

/** A kind of place: which targets are its own, and how one is opened. */
export type KnownStore = {
  readonly name: string;
  readonly recognises: (target: string) => boolean;
  readonly open: <Facts extends ReadFacts, Valid extends ValidCheckpoint>(
    format: KeptFormat<Facts, Valid>,
    target: string,
    options: StoreOptions,
  ) => CheckpointStore<Facts, Valid>;
};

/** A path may be spelled in any way: what is nobody else's is a directory. */
const DIRECTORY: KnownStore = { name: 'directory', recognises: () => true, open: openDirectoryStore };

/** In the order they are asked. */
export const STORES: readonly KnownStore[] = [DIRECTORY];

/** Opens the place that a target names. Errors: none; nothing is read or made until it is asked for. */
export function openStore<Facts extends ReadFacts, Valid extends ValidCheckpoint>(
  format: KeptFormat<Facts, Valid>,
  target: string,
  { stores = STORES, ...options }: StoreOptions & { readonly stores?: readonly KnownStore[] },
): CheckpointStore<Facts, Valid> {
  const store = stores.find(({ recognises }) => recognises(target)) ?? DIRECTORY;
  return store.open(format, target, options);
}
