/** Which of two generations of a checkpoint is loaded, and what is said of the other. */
import type { CheckpointHead, CheckpointVerdict, ValidCheckpoint } from './schema.ts';

/** Which file a checkpoint came from. */
export type CheckpointSource = 'primary' | 'fallback';

/** The generation to load with what an operator should know; without `chosen` neither is valid. */
export type ChosenGeneration = {
  readonly chosen?: { readonly source: CheckpointSource; readonly checkpoint: ValidCheckpoint };
  readonly diagnostics: readonly string[];
};

/**
 * Chooses between the primary and the fallback.
 *
 * Shapes: the primary when it is valid, unless the fallback is valid too, of the same run, and newer; a valid fallback
 *         when the primary is not; `fallback` undefined when it is not to be looked at. Diagnostics use the words
 *         the format's first reader uses.
 * Errors: none; two invalid ones are no choice and two diagnostics.
 * Source: seed 001, C-02; formats/tau 3 and 4 (the newest is not chosen there); design, rule 4.
 */
export function chooseGeneration(primary: CheckpointVerdict, fallback?: CheckpointVerdict): ChosenGeneration {
  if (primary.type === 'rejected') {
    const failed = `primary checkpoint load failed: ${primary.path}: ${primary.message}`;
    if (fallback === undefined) return { diagnostics: [failed] };
    if (fallback.type === 'valid') {
      return { chosen: { source: 'fallback', checkpoint: fallback }, diagnostics: [failed] };
    }
    return { diagnostics: [failed, `fallback checkpoint load failed: ${fallback.path}: ${fallback.message}`] };
  }
  if (fallback?.type === 'valid' && isNewer(fallback.head, primary.head)) {
    const diagnostic = `primary checkpoint is older: ${describeAge(primary)}, and the fallback has ${describeAge(fallback)}`;
    return { chosen: { source: 'fallback', checkpoint: fallback }, diagnostics: [diagnostic] };
  }
  return { chosen: { source: 'primary', checkpoint: primary }, diagnostics: [] };
}

/**
 * Whether a checkpoint is newer than another of the same run: by global step, then optimizer step, then time saved.
 * Checkpoints of different runs have no order.
 */
export function isNewer(one: CheckpointHead, other: CheckpointHead): boolean {
  if (one.runId !== other.runId) return false;
  if (one.globalStep !== other.globalStep) return one.globalStep > other.globalStep;
  if (one.optimizerStep !== other.optimizerStep) return one.optimizerStep > other.optimizerStep;
  return one.savedAtUnixSeconds > other.savedAtUnixSeconds;
}

function describeAge({ head }: ValidCheckpoint): string {
  return `global_step ${head.globalStep}, optimizer_step ${head.optimizerStep}, saved at ${head.savedAtUnixSeconds}`;
}
