/** Who holds a job, for errors: as words and as data. */
import type { LeaseHolder } from '../evidence/schema.ts';

/** The holder as the data of an error. */
export function pickHolder(holder: LeaseHolder): Readonly<Record<string, unknown>> {
  const { host, pid, epoch, principal, acquiredAtMs } = holder;
  return { host, pid, epoch, principal, acquired_at: new Date(acquiredAtMs).toISOString() };
}

/** Names a holder so that it can be found. */
export function describeHolder(holder: LeaseHolder): string {
  const since = new Date(holder.acquiredAtMs).toISOString();
  return `${holder.principal} (process ${holder.pid} on ${holder.host}, since ${since}, epoch ${holder.epoch})`;
}
