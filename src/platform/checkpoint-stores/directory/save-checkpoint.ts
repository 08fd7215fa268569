import type { ValidCheckpoint } from '../../../core/checkpoint/schema.ts';
import type { CheckpointContent, SavedCheckpoint } from '../../../core/checkpoint/store.ts';
import { judgeOld, keepAside, makeFallback, type StoreContext } from './generations.ts';
import { type ReplaceOptions, replacePrimary } from './replace-primary.ts';

/**
 * Saves a checkpoint as the primary; a valid old primary becomes the fallback.
 *
 * Shapes: an old primary that is not valid is kept aside and never replaces a fallback. A reader finds a primary at
 *         every instant after the first save (on file systems with links), and a valid generation at every instant.
 * Errors: those of the content, CHECKPOINT_BUSY, CHECKPOINT_NOT_SAVED; what was there can be loaded as before.
 * Source: seed 001; formats/tau 4 (its save deletes before it renames, and never rotates); design, rule 4.
 */
export async function saveCheckpoint(
  options: ReplaceOptions,
  content: CheckpointContent<ValidCheckpoint>,
): Promise<SavedCheckpoint> {
  const { written, setAside } = await replacePrimary(options, {
    write: (file) => content.write(file),
    rotate: async (context) => {
      // Every byte of it was checked on its way, and it is nobody else's yet.
      const { beside } = context.layout;
      await context.judged.remember(beside, content.describe(beside));
      return rotateBySave(context);
    },
  });
  return { ...written, path: options.layout.primary, setAside };
}

async function rotateBySave(context: StoreContext): Promise<readonly string[]> {
  const { primary, fallback } = context.layout;
  const old = await judgeOld(context, primary);
  if (old.type === 'rejected') return old.code === 'CHECKPOINT_MISSING' ? [] : [await keepAside(context, primary)];
  const setAside = await keepInvalidFallback(context, fallback);
  await makeFallback(context, primary);
  return setAside;
}

/** A fallback that is not valid is evidence, or was written by a newer program: it is kept too. */
async function keepInvalidFallback(context: StoreContext, fallback: string): Promise<readonly string[]> {
  const old = await judgeOld(context, fallback);
  const isLost = old.type === 'rejected' && old.code !== 'CHECKPOINT_MISSING';
  return isLost ? [await keepAside(context, fallback)] : [];
}
