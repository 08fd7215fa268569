import type { LeaseHolder, LivenessFacts } from '../../core/evidence/schema.ts';
import { probeLock } from '../../platform/lock-file.ts';
import { type ProcessIdentity, probeProcess } from '../../platform/process-probe.ts';

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
  const host = holder.host === own.host ? 'same' : 'other';
  const boot = own.bootId === '' || holder.bootId === '' ? 'unknown' : holder.bootId === own.bootId ? 'same' : 'other';
  const found = host === 'same' && boot === 'same' ? probeProcess(holder) : { process: 'unknown' as const };
  const seen = probeLock(lock);
  return {
    host,
    boot,
    // Of a holder elsewhere only a held lock says anything: a file system may not share its locks between hosts.
    lock: host === 'same' || seen === 'held' ? seen : 'missing',
    process: found.process,
    ...('state' in found && found.state !== undefined && { processState: found.state }),
    heartbeatAgeMs: nowMs - holder.heartbeatAtMs,
  };
}
