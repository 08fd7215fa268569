/** Which generation of a checkpoint is loaded, and what is said of the others. */
import type { CheckpointHead, CheckpointVerdict, ValidCheckpoint } from './schema.ts';

/** Which file a checkpoint came from. */
export type CheckpointSource = 'primary' | 'fallback';

/** The generation to load with what an operator should know; without `chosen` neither is valid. */
export type ChosenGeneration = {
  readonly chosen?: { readonly source: CheckpointSource; readonly checkpoint: ValidCheckpoint };
  readonly diagnostics: readonly string[];
};

/** One generation: what it is called, what was judged of it, and the digest of its bytes when it was read to its end. */
export type Candidate<Source extends string> = {
  readonly source: Source;
  readonly verdict: CheckpointVerdict;
  readonly sha256?: string;
};

/** The newest valid one. `failures` say why the first could not be loaded, `notes` what was odd about the choice. */
export type NewestCandidate<Source extends string> = {
  readonly chosen?: { readonly source: Source; readonly checkpoint: ValidCheckpoint };
  readonly failures: readonly string[];
  readonly notes: readonly string[];
};

/**
 * Chooses between the primary and the fallback.
 *
 * Shapes: the primary when it is valid, unless the fallback is valid too, of the same run, and saved later; a valid
 *         fallback when the primary is not; `fallback` undefined when it is not to be looked at. Diagnostics use the
 *         words the format's first reader uses.
 * Errors: none; two invalid ones are no choice and two diagnostics.
 * Source: seed 001, C-02; formats/tau 3 and 4 (the newest is not chosen there); design, rule 4.
 */
export function chooseGeneration(primary: CheckpointVerdict, fallback?: CheckpointVerdict): ChosenGeneration {
  const { chosen, failures, notes } = chooseNewest<CheckpointSource>([
    { source: 'primary', verdict: primary },
    ...(fallback ? [{ source: 'fallback', verdict: fallback } as const] : []),
  ]);
  return { ...(chosen && { chosen }), diagnostics: [...failures, ...notes] };
}

/**
 * Chooses the generation that was saved last.
 *
 * Shapes: `candidates` are in generation order, the primary first: the first valid one is taken, unless a later one is
 *         of the same run and was saved later. A step that went back chooses nothing: it is told.
 * Errors: none; without a valid one there is no choice.
 * Source: design, rule 4; decisions/0014.
 */
export function chooseNewest<Source extends string>(candidates: readonly Candidate<Source>[]): NewestCandidate<Source> {
  const isRefused = candidates[0]?.verdict.type === 'rejected';
  const failures = isRefused ? candidates.flatMap(describeFailure) : [];
  const valid = candidates.flatMap(({ source, verdict }) =>
    verdict.type === 'valid' ? [{ source, checkpoint: verdict }] : [],
  );
  const [first] = valid;
  if (!first) return { failures, notes: [] };
  const chosen = valid.reduce((best, one) => (isNewer(one.checkpoint.head, best.checkpoint.head) ? one : best), first);
  const older =
    chosen === first
      ? []
      : [
          `${first.source} checkpoint is older: ${describeAge(first.checkpoint)}, and the ${chosen.source} has ${describeAge(chosen.checkpoint)}`,
        ];
  const rewound = valid
    .filter((one) => one !== chosen && isFurther(one.checkpoint.head, chosen.checkpoint.head))
    .map(
      (one) =>
        `training went back: the ${chosen.source} checkpoint was saved last and has ${describeAge(chosen.checkpoint)}; the ${one.source}, saved before it, has ${describeAge(one.checkpoint)}`,
    );
  return { chosen, failures, notes: [...older, ...rewound] };
}

/**
 * Whether a checkpoint is newer than another of the same run: by the time it was saved, whatever their steps, since a
 * run may go back. Checkpoints of different runs have no order.
 */
export function isNewer(one: CheckpointHead, other: CheckpointHead): boolean {
  return one.runId === other.runId && one.savedAtUnixSeconds > other.savedAtUnixSeconds;
}

function isFurther(one: CheckpointHead, other: CheckpointHead): boolean {
  return one.runId === other.runId && one.globalStep > other.globalStep;
}

function describeFailure({ source, verdict }: Candidate<string>): readonly string[] {
  return verdict.type === 'valid' ? [] : [`${source} checkpoint load failed: ${verdict.path}: ${verdict.message}`];
}

/** How far a checkpoint is and when it was saved. */
export function describeAge({ head }: ValidCheckpoint): string {
  return `global_step ${head.globalStep}, optimizer_step ${head.optimizerStep}, saved at ${head.savedAtUnixSeconds}`;
}
