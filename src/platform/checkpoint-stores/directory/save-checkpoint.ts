import {
  type CheckpointInput,
  parseHead,
  type StateInput,
} from '../../checkpoint-formats/policy-json/checkpoint-input.ts';
import { formatState } from '../../checkpoint-formats/policy-json/format-state.ts';
import { RawJson } from '../../checkpoint-formats/policy-json/raw-json.ts';
import {
  type StateText,
  type WrittenContent,
  writeCheckpoint,
} from '../../checkpoint-formats/policy-json/write-checkpoint.ts';
import { judgeOld, keepAside, makeFallback, type StoreContext } from './generations.ts';
import { rememberFile } from './judged-files.ts';
import { layoutOf } from './layout.ts';
import { type ReplaceOptions, replacePrimary } from './replace-primary.ts';

/** A checkpoint that is saved. `setAside` names what was in the primary's place and was no valid checkpoint. */
export type SavedCheckpoint = WrittenContent & { readonly path: string; readonly setAside: readonly string[] };

/**
 * Saves a checkpoint as the primary; a valid old primary becomes the fallback.
 *
 * Shapes: an old primary that is not valid is kept aside and never replaces a fallback. A reader finds a primary at
 *         every instant after the first save (on file systems with links), and a valid generation at every instant.
 *         What is saved is the state as it is at the call, whatever becomes of it before the save ends.
 * Errors: CHECKPOINT_INPUT_INVALID, CHECKPOINT_BUSY, CHECKPOINT_NOT_SAVED; what was there can be loaded as before.
 * Source: seed 001; formats/tau 4 (its save deletes before it renames, and never rotates); design, rule 4.
 */
export async function saveCheckpoint(options: ReplaceOptions, input: CheckpointInput): Promise<SavedCheckpoint> {
  const head = parseHead(input);
  const { digest } = input;
  const policyState = prepareState('policy_state', input.policyState);
  const optimizerState = prepareState('optimizer_state', input.optimizerState);
  const { written, setAside } = await replacePrimary(options, {
    write: (file) => writeCheckpoint(file, { head, policyState, optimizerState, digest }),
    rotate: async (context, { digest: contentDigest }) => {
      // Every byte of it was checked on its way, and it is nobody else's yet.
      const { beside: path } = context.layout;
      await rememberFile(path, { type: 'valid', path, proven: digest && contentDigest !== '', head });
      return rotateBySave(context);
    },
  });
  return { ...written, path: layoutOf(options.directory).primary, setAside };
}

function prepareState(name: string, state: StateInput): StateText {
  return state instanceof RawJson ? state : formatState(name, state);
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
