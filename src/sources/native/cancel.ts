import type { DatabaseSync } from 'node:sqlite';
import { describeStale, listChanges } from '../../core/plan/plan-basis.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Clock } from '../../core/ports.ts';
import { awaitGone, isAlive, signal } from '../../platform/end-processes.ts';
import { readOwnIdentity } from '../../platform/process-probe.ts';
import { appendAudit, checkAuditChain } from '../../store/audit.ts';
import { changeJob } from '../../store/high-water.ts';
import { endRun, type JobRecord, readJob } from '../../store/jobs.ts';
import { insertLease, readEpoch, readRunner, releaseLease } from '../../store/leases.ts';

/** Statuses a job may have come to by itself while its runner was asked to stop. */
const STOPPED_MEANWHILE: readonly string[] = ['stopped', 'failed'];

/** How asking the runner went. */
export type StopResult = 'not_running' | 'stopped' | 'other_host' | 'still_running';

/**
 * Asks a living runner to stop after the unit in hand, and waits for it.
 *
 * Units: `graceMs` at most.
 * Errors: none; a runner that will not stop is fenced by what comes next.
 * Source: design, rule 7; formats/batch 4.8 (a cancelled job must not be overwritten by its own runner).
 */
export async function stopRunner(database: DatabaseSync, jobSeq: number, graceMs: number): Promise<StopResult> {
  const holder = readRunner(database, jobSeq);
  if (!holder || holder.releasedAtMs !== undefined) return 'not_running';
  const own = readOwnIdentity();
  if (holder.host !== own.host || holder.bootId !== own.bootId || holder.pidNamespace !== own.pidNamespace)
    return 'other_host';
  if (!isAlive(holder)) return 'not_running';
  signal(holder, 'SIGTERM');
  return (await awaitGone([holder], graceMs)).length === 0 ? 'stopped' : 'still_running';
}

/**
 * Records a job as cancelled with an epoch above its runner's, whose last word is refused from then on.
 *
 * Errors: EVIDENCE_STALE when the job ended meanwhile, or somebody else took it; AUDIT_BROKEN; STORE_REGRESSED.
 */
export function cancelJob(options: {
  readonly database: DatabaseSync;
  readonly job: JobRecord;
  /** The job's own. */
  readonly directory: string;
  readonly approved: ApprovedPlan;
  readonly clock: Clock;
}): void {
  const { database, job, directory, approved, clock } = options;
  const { plan, consent, evidence } = approved;
  changeJob(database, { jobId: job.id, directory }, () => {
    checkAuditChain(database, job.seq);
    const epoch = readEpoch(database, job.seq);
    const status = readJob(database, job.id)?.status ?? 'gone';
    const expected = [evidence.recorded.status, ...STOPPED_MEANWHILE];
    if (epoch !== evidence.recorded.epoch || !expected.includes(status)) {
      const holder = readRunner(database, job.seq);
      const lease = holder && { lease: { ...holder, fenced: false } };
      const recorded = { ...evidence.recorded, status, epoch };
      throw describeStale(plan, listChanges(plan, evidence, { ...evidence, ...lease, recorded }));
    }
    const atMs = clock.nowMs();
    insertLease(database, {
      jobSeq: job.seq,
      epoch: epoch + 1,
      purpose: 'cancel',
      identity: readOwnIdentity(),
      runToken: '',
      principal: consent.principal,
      atMs,
    });
    releaseLease(database, job.seq, { epoch: epoch + 1, atMs });
    endRun(database, job.seq, { status: 'cancelled', atMs, ...(job.error && { error: job.error }) });
    appendAudit(database, job.seq, {
      atMs,
      principal: consent.principal,
      action: 'cancel',
      outcome: 'done',
      planDigest: plan.digest,
      details: {
        epoch: epoch + 1,
        status_before: status,
        ...(consent.reason !== undefined && { reason: consent.reason }),
      },
    });
  });
}
