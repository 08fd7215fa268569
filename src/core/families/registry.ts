/** The families there are, one line each. Nothing else asks which family a job is of: it looks up its row here. */
import { RecoveryError } from '../errors.ts';
import type { JobRef } from '../job/schema.ts';
import type { Family } from './family.ts';
import { TRAINING_CONTROL } from './training-control/family.ts';
import { UNITS } from './units/family.ts';

/** Every family. */
export const FAMILIES: readonly Family[] = [UNITS, TRAINING_CONTROL];

/** The family of a job. Errors: INTERNAL when there is none of that name. */
export function familyOf({ id, family }: JobRef): Family {
  const found = FAMILIES.find(({ name }) => name === family);
  if (found) return found;
  throw new RecoveryError('INTERNAL', `job ${id} is of the family '${family}', and there is none of that name`);
}
