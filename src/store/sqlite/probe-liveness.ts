import type { LeaseHolder, LivenessFacts } from '../../core/evidence/schema.ts';
import { probeLock } from '../../platform/lock-file.ts';
import type { ProcessIdentity } from '../../platform/process-probe.ts';
import { describeLiveness } from '../describe-liveness.ts';

/**
 * Looks at a holder's lock and process, without touching either.
 *
 * Shapes: `own` is who looks.
 * Units: `nowMs` epoch milliseconds.
 * Errors: none; what cannot be seen is `unknown`.
 * Source: design, rule 2.
 */
export function probeLiveness(
  holder: LeaseHolder,
  lock: string,
  { own, nowMs }: { readonly own: ProcessIdentity; readonly nowMs: number },
): LivenessFacts {
  return describeLiveness(holder, own, { seen: probeLock(lock), nowMs });
}
