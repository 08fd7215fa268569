import { RecoveryError } from '../../errors.ts';
import type { Evidence } from '../../evidence/schema.ts';
import type { ControlFacts } from './schema.ts';

/** What evidence of this family has of its own. Errors: INTERNAL for evidence of another one. */
export function controlOf({ own, job }: Pick<Evidence, 'own' | 'job'>): ControlFacts {
  if (isControl(own)) return own;
  throw new RecoveryError('INTERNAL', `the evidence of job ${job.id} has no facts of a training under control`);
}

function isControl(own: object | undefined): own is ControlFacts {
  return own !== undefined && 'lifecycle' in own && 'restore' in own;
}
