import { type CheckpointSource, chooseGeneration } from '../../../core/checkpoint/choose-generation.ts';
import type { CheckpointHead, CheckpointVerdict, Rejection } from '../../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../../core/errors.ts';
import { type JudgedCheckpoint, readCheckpoint } from '../../checkpoint-formats/policy-json/read-checkpoint.ts';
import { makeStoredState, type StoredState } from '../../checkpoint-formats/policy-json/stored-state.ts';

/** Which files to look at; without a fallback the primary alone decides. */
export type LoadPaths = { readonly primary: string; readonly fallback?: string };

/**
 * A checkpoint that was checked to its last byte. `proven` when its digest matches; without one nothing tells silent
 * damage to a number. Diagnostics say why it is not the primary.
 */
export type LoadedCheckpoint = CheckpointHead & {
  readonly source: CheckpointSource;
  readonly path: string;
  readonly proven: boolean;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly diagnostics: readonly string[];
  readonly policyState: StoredState;
  readonly optimizerState: StoredState;
};

/**
 * Loads the primary, or the fallback when the primary is refused or older.
 *
 * Shapes: the states are read when they are asked for.
 * Errors: the primary's own reason without a fallback (CHECKPOINT_MISSING, _UNREADABLE, _INVALID or
 *         _VERSION_UNSUPPORTED); CHECKPOINT_NONE_VALID with both reasons. Nothing is changed.
 * Source: seed 001, AC-1 to AC-3; formats/tau 3; design, rule 4.
 */
export async function loadCheckpoint(paths: LoadPaths): Promise<LoadedCheckpoint> {
  const primary = await readCheckpoint(paths.primary);
  const fallback = paths.fallback === undefined ? undefined : await readCheckpoint(paths.fallback);
  const { chosen, diagnostics } = chooseGeneration(primary.verdict, fallback?.verdict);
  if (chosen === undefined) throw describeFailure(primary.verdict, fallback?.verdict, diagnostics);
  const judged = chosen.source === 'fallback' && fallback !== undefined ? fallback : primary;
  return {
    ...chosen.checkpoint.head,
    source: chosen.source,
    path: judged.facts.path,
    proven: chosen.checkpoint.proven,
    sizeBytes: judged.facts.sizeBytes,
    sha256: judged.facts.sha256 ?? '',
    diagnostics,
    policyState: makeState(judged, 'policy_state'),
    optimizerState: makeState(judged, 'optimizer_state'),
  };
}

/** The error of one refused checkpoint: its reason with file and place. */
export function makeRejectionError(rejection: Rejection): RecoveryError {
  const { code, path, message, type: _type, ...place } = rejection;
  return new RecoveryError(code, `${path}: ${message}`, { details: { path, reason: message, ...place } });
}

function makeState({ facts, identity = '', doubtfulNumbers }: JudgedCheckpoint, name: string): StoredState {
  const range = facts.fields.get(name) ?? { startOffset: 0, endOffset: 0 };
  return makeStoredState({ path: facts.path, identity, range, doubtfulNumbers });
}

function describeFailure(
  primary: CheckpointVerdict,
  fallback: CheckpointVerdict | undefined,
  diagnostics: readonly string[],
): RecoveryError {
  if (fallback === undefined && primary.type === 'rejected') return makeRejectionError(primary);
  return new RecoveryError('CHECKPOINT_NONE_VALID', `no valid checkpoint: ${diagnostics.join('; ')}`, {
    details: { primary, fallback },
  });
}
