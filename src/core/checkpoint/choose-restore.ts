/** Which generation a recovery takes: the one that an operator chose, until training saved a newer one; else the newest. */
import { type Candidate, chooseNewest, type NewestCandidate } from './choose-generation.ts';
import type { CheckpointVerdict, Rejection } from './schema.ts';
import type { CheckpointSource } from './store.ts';

/**
 * Where a checkpoint may come from: a generation; a whole file that a save left before its rename (`leftover`); the file
 * that a rollback named (`chosen`).
 */
export type RestoreSource = CheckpointSource | 'leftover' | 'chosen';

/**
 * The checkpoint that a rollback named. `atMs` is when; `isCarriedOut`: it was made the primary then. Without `sha256`
 * (another program recorded it) the path alone says which file.
 */
export type OperatorChoice = {
  readonly path: string;
  readonly sha256?: string;
  readonly atMs: number;
  readonly isCarriedOut: boolean;
};

/** A generation that a restore may take. */
export type RestoreCandidate = Candidate<RestoreSource>;

/**
 * What a restore takes. `mustReplace`: it has to be made the primary first, or whatever reads the directory next would
 * take another. `rollback` is the choice in force; `refused` is why the chosen one cannot be loaded.
 */
export type Restore = {
  readonly source?: RestoreSource;
  readonly path?: string;
  readonly mustReplace: boolean;
  readonly rollback?: OperatorChoice;
  readonly refused?: Rejection;
  readonly failures: readonly string[];
  readonly notes: readonly string[];
};

/**
 * Decides which checkpoint training goes on from.
 *
 * Shapes: `candidates` in generation order: primary, fallback, leftovers, and what the rollback named when it is none
 *         of these.
 * Errors: none; a chosen checkpoint that cannot be loaded takes nothing and says why.
 * Source: design, rules 4 and 5; decisions/0014.
 */
export function chooseRestore(candidates: readonly RestoreCandidate[], choice?: OperatorChoice): Restore {
  const generations = candidates.filter(({ source }) => source !== 'chosen');
  const newest = chooseNewest(generations);
  if (!choice) return takeNewest(newest);
  const later = generations.filter((one) => isSavedAfter(one, choice));
  if (later.length > 0) {
    return takeNewest(
      chooseNewest(generations.filter((one) => one.verdict.type === 'rejected' || later.includes(one))),
    );
  }
  const target = findTarget(candidates, choice);
  if (target.verdict.type === 'rejected') return refuse({ ...target, verdict: target.verdict }, choice, generations);
  const { source, verdict } = target;
  const isOverruled = newest.chosen !== undefined && newest.chosen.checkpoint !== verdict;
  return {
    source,
    path: verdict.path,
    mustReplace: isMoved(source) || isOverruled,
    rollback: choice,
    failures: newest.failures,
    notes: [
      `the rollback of ${formatTime(choice)} chose ${choice.path}: ${verdict.progress}`,
      ...(isOverruled ? describeOverruled(newest) : []),
    ],
  };
}

function takeNewest({ chosen, failures, notes }: NewestCandidate<RestoreSource>): Restore {
  if (!chosen) return { mustReplace: false, failures, notes };
  const { source, checkpoint } = chosen;
  const left = `${checkpoint.path} is whole: a save was cut short before its rename`;
  return {
    source,
    path: checkpoint.path,
    mustReplace: isMoved(source),
    failures,
    notes: source === 'leftover' ? [...notes, left] : notes,
  };
}

function isMoved(source: RestoreSource): boolean {
  return source === 'leftover' || source === 'chosen';
}

/**
 * Whether training saved this one after the rollback. Within the same second the generation tells: a primary that is not
 * the one a rollback put there came after it.
 */
function isSavedAfter({ source, verdict, sha256 }: RestoreCandidate, choice: OperatorChoice): boolean {
  if (verdict.type === 'rejected' || (choice.sha256 !== undefined && sha256 === choice.sha256)) return false;
  const second = BigInt(Math.floor(choice.atMs / 1000));
  const { savedAtUnixSeconds } = verdict.head;
  if (savedAtUnixSeconds === undefined) return false;
  if (savedAtUnixSeconds !== second) return savedAtUnixSeconds > second;
  return source === 'primary' && choice.isCarriedOut && choice.sha256 !== undefined;
}

/** The chosen file: by its content wherever it is now, else by its path. */
function findTarget(candidates: readonly RestoreCandidate[], { path, sha256 }: OperatorChoice): RestoreCandidate {
  const bySha = sha256 === undefined ? undefined : candidates.find((one) => one.sha256 === sha256);
  const atPath = candidates.find(({ verdict }) => verdict.path === path);
  if (bySha) return bySha;
  if (!atPath) return { source: 'chosen', verdict: reject(path, { expected: 'the file', found: 'no such file' }) };
  if (sha256 === undefined || atPath.verdict.type === 'rejected') return atPath;
  const found = `another one, sha256 ${atPath.sha256 ?? 'unknown'}`;
  return { source: 'chosen', verdict: reject(path, { expected: `sha256 ${sha256}`, found }) };
}

function reject(path: string, { expected, found }: Pick<Rejection, 'expected' | 'found'>): Rejection {
  const message = `it is not there any more: expected ${expected}, found ${found}`;
  return { type: 'rejected', code: 'CHECKPOINT_MISSING', path, message, expected, found };
}

function refuse(
  { verdict }: { readonly verdict: Rejection },
  choice: OperatorChoice,
  generations: readonly RestoreCandidate[],
): Restore {
  const chose = `the rollback of ${formatTime(choice)} chose a checkpoint that cannot be loaded: ${verdict.path}: ${verdict.message}`;
  const others = generations.map(({ source, verdict: other }) => `${source} ${other.path} ${describeOther(other)}`);
  return { mustReplace: false, rollback: choice, refused: verdict, failures: [chose, ...others], notes: [] };
}

function describeOther(verdict: CheckpointVerdict): string {
  return verdict.type === 'valid' ? `can be loaded: ${verdict.progress}` : `cannot be loaded: ${verdict.message}`;
}

function describeOverruled({ chosen }: NewestCandidate<RestoreSource>): readonly string[] {
  if (!chosen) return [];
  const { source, checkpoint } = chosen;
  return [`the ${source} checkpoint (${checkpoint.progress}) is from before that rollback and does not count`];
}

function formatTime({ atMs }: OperatorChoice): string {
  return new Date(atMs).toISOString();
}
