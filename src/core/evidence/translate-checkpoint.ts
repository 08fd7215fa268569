import type { JudgedCheckpoint, ReadFacts } from '../checkpoint/format.ts';
import { gradeCheckpoint } from '../checkpoint/grade-checkpoint.ts';
import type { CheckpointHead } from '../checkpoint/schema.ts';
import type { CheckpointEvidence } from './checkpoint-schema.ts';

/** The facts of one generation, of any format. Of a refused one the steps are what it claims. Errors: none. */
export function translateCheckpoint(
  source: CheckpointEvidence['source'],
  { facts, verdict }: JudgedCheckpoint<ReadFacts>,
): CheckpointEvidence {
  const { path, sizeBytes, sha256, claims = {} } = facts;
  const base = { source, path, grade: gradeCheckpoint(verdict), sizeBytes, ...(sha256 !== undefined && { sha256 }) };
  if (verdict.type === 'valid') return { ...base, ...translateHead(verdict.head) };
  const { type: _type, path: _path, ...problem } = verdict;
  return { ...base, ...translateHead(claims), problem };
}

function translateHead({ runId, globalStep, optimizerStep, savedAtUnixSeconds }: CheckpointHead) {
  return {
    ...(runId !== undefined && { runId }),
    ...(globalStep !== undefined && { globalStep: globalStep.toString() }),
    ...(optimizerStep !== undefined && { optimizerStep: optimizerStep.toString() }),
    ...(savedAtUnixSeconds !== undefined && { savedAtUnixSeconds: savedAtUnixSeconds.toString() }),
  };
}
