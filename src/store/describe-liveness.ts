import type { LeaseHolder, LivenessFacts } from '../core/evidence/schema.ts';
import { type ProcessIdentity, probeProcess } from '../platform/process-probe.ts';

/**
 * What is known of a holder, by the lock that its store keeps and by its process.
 *
 * Of a holder on another host only a held lock says anything: a file system may not share its locks between hosts, and
 * a connection may be cut while the process behind it lives.
 *
 * Shapes: `own` is who looks; `seen` is the lock as it is seen from here.
 * Units: `nowMs` epoch milliseconds, by the clock that heartbeats are recorded by.
 * Errors: none; what cannot be seen is `unknown`.
 * Source: design, rule 2.
 */
export function describeLiveness(
  holder: LeaseHolder,
  own: ProcessIdentity,
  { seen, nowMs }: { readonly seen: LivenessFacts['lock']; readonly nowMs: number },
): LivenessFacts {
  const host = holder.host === own.host ? 'same' : 'other';
  const boot = own.bootId === '' || holder.bootId === '' ? 'unknown' : holder.bootId === own.bootId ? 'same' : 'other';
  const found = host === 'same' && boot === 'same' ? probeProcess(holder) : { process: 'unknown' as const };
  return {
    host,
    boot,
    lock: host === 'same' || seen === 'held' ? seen : 'missing',
    process: found.process,
    ...('state' in found && found.state !== undefined && { processState: found.state }),
    ...('canSignal' in found && found.canSignal !== undefined && { canSignal: found.canSignal }),
    ...('uid' in found && found.uid !== undefined && { uid: found.uid }),
    heartbeatAgeMs: nowMs - holder.heartbeatAtMs,
  };
}
