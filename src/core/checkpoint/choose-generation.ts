/** Which generation of a checkpoint is loaded, and what is said of the others. */
import type { CheckpointHead, Rejection, ValidCheckpoint } from './schema.ts';

/** One generation: what it is called, what was judged of it, and the digest of its bytes when it was read to its end. */
export type Candidate<Source extends string, Valid extends ValidCheckpoint = ValidCheckpoint> = {
  readonly source: Source;
  readonly verdict: Valid | Rejection;
  readonly sha256?: string;
};

/** The newest valid one. `failures` say why the first could not be loaded, `notes` what was odd about the choice. */
export type NewestCandidate<Source extends string, Valid extends ValidCheckpoint = ValidCheckpoint> = {
  readonly chosen?: { readonly source: Source; readonly checkpoint: Valid };
  readonly failures: readonly string[];
  readonly notes: readonly string[];
};

/**
 * Chooses the generation that was saved last.
 *
 * Shapes: `candidates` are in generation order, any number of them, the primary first: the first valid one is taken,
 *         unless one behind it is of the same run and was saved later. A step that went back chooses nothing: it is told.
 * Errors: none; without a valid one there is no choice.
 * Source: design, rule 4; decisions/0014.
 */
export function chooseNewest<Source extends string, Valid extends ValidCheckpoint>(
  candidates: readonly Candidate<Source, Valid>[],
): NewestCandidate<Source, Valid> {
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
          `${first.source} checkpoint is older: ${first.checkpoint.progress}, and the ${chosen.source} has ${chosen.checkpoint.progress}`,
        ];
  const rewound = valid
    .filter((one) => one !== chosen && isFurther(one.checkpoint.head, chosen.checkpoint.head))
    .map(
      (one) =>
        `training went back: the ${chosen.source} checkpoint was saved last and has ${chosen.checkpoint.progress}; the ${one.source}, saved before it, has ${one.checkpoint.progress}`,
    );
  return { chosen, failures, notes: [...older, ...rewound] };
}

/**
 * Whether a checkpoint is newer than another of the same run: by the time it was saved, whatever their steps, since a
 * run may go back. Checkpoints of different runs have no order, nor have those that do not say their run or time.
 */
export function isNewer(one: CheckpointHead, other: CheckpointHead): boolean {
  return isSameRun(one, other) && isMore(one.savedAtUnixSeconds, other.savedAtUnixSeconds);
}

function isFurther(one: CheckpointHead, other: CheckpointHead): boolean {
  return isSameRun(one, other) && isMore(one.globalStep, other.globalStep);
}

function isSameRun(one: CheckpointHead, other: CheckpointHead): boolean {
  return one.runId !== undefined && one.runId === other.runId;
}

function isMore(one: bigint | undefined, other: bigint | undefined): boolean {
  return one !== undefined && other !== undefined && one > other;
}

function describeFailure({ source, verdict }: Candidate<string>): readonly string[] {
  return verdict.type === 'valid' ? [] : [`${source} checkpoint load failed: ${verdict.path}: ${verdict.message}`];
}
