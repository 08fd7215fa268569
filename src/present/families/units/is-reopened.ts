import type { Diagnosis } from '../../../core/diagnosis/schema.ts';
import type { Evidence } from '../../../core/evidence/schema.ts';

/** Whether a job that had come to its end has something to run again, by a person's word. */
export function isReopened({ recorded, lease }: Evidence, { verdict }: Pick<Diagnosis, 'verdict'>): boolean {
  return verdict === 'interrupted' && recorded.status === 'pending' && lease !== undefined;
}
