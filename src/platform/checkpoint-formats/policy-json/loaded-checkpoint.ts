import type { CheckpointFiles } from '../../../core/checkpoint/format.ts';
import type { CheckpointSource, LoadedGeneration } from '../../../core/checkpoint/store.ts';
import type { PolicyCheckpoint, PolicyFacts, PolicyHead } from './schema.ts';
import { makeStoredState, type StoredState } from './stored-state.ts';

/**
 * A checkpoint that was checked to its last byte. `proven` when its digest matches; without one nothing tells silent
 * damage to a number. Diagnostics say why it is not the primary.
 */
export type LoadedCheckpoint = PolicyHead & {
  readonly source: CheckpointSource;
  readonly path: string;
  readonly proven: boolean;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly diagnostics: readonly string[];
  readonly policyState: StoredState;
  readonly optimizerState: StoredState;
};

/** The checkpoint of a generation; its states are read when they are asked for. Errors: none. */
export function openLoaded(
  { source, judged: { facts }, checkpoint, diagnostics }: LoadedGeneration<PolicyFacts, PolicyCheckpoint>,
  files: CheckpointFiles,
): LoadedCheckpoint {
  const { path, sizeBytes, sha256 = '', identity = '', fields, doubtfulNumbers } = facts;
  const openState = (name: string): StoredState => {
    const range = fields.get(name) ?? { startOffset: 0, endOffset: 0 };
    return makeStoredState({ files, path, identity, range, doubtfulNumbers });
  };
  return {
    ...checkpoint.head,
    source,
    path,
    proven: checkpoint.proven,
    sizeBytes,
    sha256,
    diagnostics,
    policyState: openState('policy_state'),
    optimizerState: openState('optimizer_state'),
  };
}
