import type { CheckpointGrade, CheckpointVerdict } from './schema.ts';

/**
 * The grade of a checkpoint: C before A, since the best proof of a part does not make it whole.
 *
 * Errors: none. Source: design, rule 4 (grades).
 */
export function gradeCheckpoint(verdict: CheckpointVerdict): CheckpointGrade {
  if (verdict.type === 'rejected') return verdict.code === 'CHECKPOINT_VERSION_UNSUPPORTED' ? 'U' : 'R';
  if (verdict.missing.length > 0) return 'C';
  return verdict.proved.includes('digest') ? 'A' : 'B';
}
