/** The kinds of jobs there are, one line each. Nothing else asks which kind a job is: it looks up its row here. */
import { RecoveryError } from '../../core/errors.ts';
import type { JobRef } from '../../core/job/schema.ts';
import { BATCH } from './batch/kind.ts';
import type { Kind, SpecFacts } from './kind.ts';
import { parseFields } from './spec-fields.ts';

/** Every kind that this Salvor runs. */
export const KINDS: readonly Kind[] = [BATCH];

/** The kind of this name, or undefined. Errors: none. */
export function findKind(name: unknown): Kind | undefined {
  return KINDS.find((kind) => kind.name === name);
}

/** The kind of a job that is to be run. Errors: STATE_TOO_NEW for one that another version of Salvor recorded. */
export function kindOf({ id, kind }: Pick<JobRef, 'id' | 'kind'>): Kind {
  const found = findKind(kind);
  if (found) return found;
  const known = KINDS.map(({ name }) => name);
  const message = `job ${id} is of kind ${kind}; this Salvor knows ${known.join(', ')}`;
  throw new RecoveryError('STATE_TOO_NEW', message, { details: { job: id, found: kind, supported: known } });
}

/** What evidence needs of a recorded job; one of another kind, or whose specification no longer parses, says nothing. */
export function readSpecFacts({ kind, spec }: { readonly kind: string; readonly spec: string }): SpecFacts {
  return findKind(kind)?.readFacts(parseFields(spec) ?? {}) ?? { canVerify: false };
}

/** What the units of a job are called. Errors: none. */
export function unitOf({ kind }: Pick<JobRef, 'kind'>): Kind['unit'] {
  return findKind(kind)?.unit ?? 'step';
}
