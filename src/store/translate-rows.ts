/** Rows of the tables as what they mean, whatever engine keeps them. */
import type { LeaseHolder, UnitFacts } from '../core/evidence/schema.ts';
import { UNIT_STATUSES, type UnitCounts, type UnitStatus } from '../core/job/schema.ts';
import type { AuditEntry } from '../core/ports.ts';
import { parseDetails } from './audit-chain.ts';
import type { ListedJob } from './list-contract.ts';
import type { DoubtfulUnit, JobRecord } from './records.ts';
import { formatIdempotencyKey } from './unit-events.ts';

type Row = Readonly<Record<string, unknown>>;

/** Reads a row of `jobs`. */
export function translateJob(row: Row): JobRecord {
  return {
    ...translateListed(row),
    generation: Number(row.generation),
    ...(row.started_at_ms !== null && { startedAtMs: Number(row.started_at_ms) }),
    ...(row.ended_at_ms !== null && { endedAtMs: Number(row.ended_at_ms) }),
    ...(row.error_code !== null && {
      error: { code: String(row.error_code), message: String(row.error_message ?? '') },
    }),
  };
}

/** What a list shows of a row of `jobs` alone. */
export function translateListed(
  row: Row,
): Pick<
  ListedJob,
  'seq' | 'id' | 'name' | 'kind' | 'status' | 'spec' | 'rows' | 'runCount' | 'createdAtMs' | 'activeAtMs'
> {
  const rows = translateRows(row);
  return {
    seq: Number(row.seq),
    id: String(row.id),
    name: String(row.name),
    kind: String(row.kind),
    status: String(row.status),
    spec: String(row.spec),
    ...(rows && { rows }),
    runCount: Number(row.run_count),
    createdAtMs: Number(row.created_at_ms),
    activeAtMs: Number(row.active_at_ms),
  };
}

/** Reads what is recorded of the rows file; undefined while it has not been read. */
function translateRows(row: Row): JobRecord['rows'] {
  if (row.rows_sha256 === null) return undefined;
  return {
    path: String(row.rows_path),
    sha256: String(row.rows_sha256),
    sizeBytes: Number(row.rows_size_bytes),
    ...(row.rows_sha256_expected !== null && { sha256Expected: String(row.rows_sha256_expected) }),
  };
}

/** Reads a row of `leases`. */
export function translateHolder(row: Row, currentEpoch: number): LeaseHolder {
  const epoch = Number(row.epoch);
  return {
    epoch,
    host: String(row.host),
    bootId: String(row.boot_id),
    pidNamespace: String(row.pid_namespace),
    pid: Number(row.pid),
    pidStartTicks: Number(row.pid_start_ticks),
    runToken: String(row.run_token),
    principal: String(row.principal),
    acquiredAtMs: Number(row.acquired_at_ms),
    heartbeatAtMs: Number(row.heartbeat_at_ms),
    ...(row.released_at_ms !== null && { releasedAtMs: Number(row.released_at_ms) }),
    fenced: epoch < currentEpoch,
  };
}

/** Reads a row of `units`. */
export function translateUnit(row: Row, job: { readonly id: string; readonly generation: number }): UnitFacts {
  const number = Number(row.number);
  return {
    number,
    key: String(row.key),
    status: UNIT_STATUSES.find((known) => known === row.status) ?? 'needs_review',
    eventSequence: Number(row.event),
    idempotencyKey: formatIdempotencyKey(job, number),
    attempts: Number(row.attempts),
    ...(row.receipt !== null && { receipt: String(row.receipt) }),
    ...(row.started_at_ms !== null && { startedAtMs: Number(row.started_at_ms) }),
    ...(row.finished_at_ms !== null && { finishedAtMs: Number(row.finished_at_ms) }),
    ...(row.error_code !== null && {
      error: { code: String(row.error_code), message: String(row.error_message ?? '') },
    }),
  };
}

/** Reads a row of `units` in doubt, with `unanswered`, and `last_event` and `last_detail` of its newest event. */
export function translateDoubtful(row: Row, job: { readonly id: string; readonly generation: number }): DoubtfulUnit {
  const unit = translateUnit(row, job);
  const isBegun = row.last_event === 'begun' && row.last_detail !== null;
  const begun = isBegun ? { reference: String(row.last_detail) } : {};
  return { ...unit, unanswered: Number(row.unanswered), ...readDoubt(unit, row), ...begun };
}

function readDoubt({ error }: UnitFacts, { last_event: event, last_detail: said }: Row): Pick<DoubtfulUnit, 'doubt'> {
  if (!error || (event !== 'unanswered' && event !== 'ask_again' && event !== 'doubted')) return {};
  if (event === 'doubted' || said === null) return { doubt: error };
  const added = `; ${said}`;
  // Before anything was added it was the whole error, as it is when the runner had died.
  if (!error.message.endsWith(added)) return {};
  return { doubt: { code: error.code, message: error.message.slice(0, -added.length) } };
}

/** Makes complete counts of rows `{status, n}`; a state nobody is in counts 0. */
export function assembleCounts(rows: readonly Row[]): UnitCounts {
  const counts: Record<UnitStatus, number> = {
    pending: 0,
    in_doubt: 0,
    done: 0,
    failed: 0,
    skipped: 0,
    needs_review: 0,
  };
  for (const row of rows) {
    const status = UNIT_STATUSES.find((known) => known === row.status);
    if (status) counts[status] += Number(row.n);
  }
  return counts;
}

/** Reads a row of `audit`. Details that no longer parse are shown as text. */
export function translateEntry(row: Row): AuditEntry {
  return {
    sequence: Number(row.sequence),
    atMs: Number(row.at_ms),
    principal: String(row.principal),
    action: String(row.action),
    outcome: String(row.outcome),
    ...(row.code !== null && { code: String(row.code) }),
    ...(row.plan_digest !== null && { planDigest: String(row.plan_digest) }),
    details: parseDetails(String(row.details)),
    hash: String(row.hash),
  };
}
