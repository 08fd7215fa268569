import type { Kind } from '../kinds/kind.ts';
import { findKind, KINDS } from '../kinds/registry.ts';
import { describeValue } from './describe-problem.ts';
import type { JobText } from './parse-job-text.ts';

/** Kinds of the contract; one that is no row of the registry is still to come. */
const CONTRACTED = ['workflow', 'training'];

/** The kind of a job file. Errors: JOB_FILE_INVALID. Source: contract, job files. */
export function findFileKind(text: JobText): Kind {
  const name = text.findValue(['kind']);
  const found = findKind(name);
  if (found) return found;
  const known = KINDS.map((kind) => kind.name).join(', ');
  const expected = KINDS.length === 1 ? known : `one of ${known}`;
  if (name === undefined) throw text.refuse(['kind'], `kind is missing, expected ${expected}`);
  if (typeof name === 'string' && CONTRACTED.includes(name)) {
    throw text.refuse(['kind'], `kind ${name} is not supported by this version of Salvor, which knows ${known}`);
  }
  throw text.refuse(['kind'], `kind: found ${describeValue(name)}, expected ${expected}`);
}
