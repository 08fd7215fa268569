import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { describeStale, listChanges } from '../../core/plan/plan-basis.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Clock } from '../../core/ports.ts';
import { awaitGone, isAlive, signal } from '../../platform/end-processes.ts';
import { readOwnIdentity } from '../../platform/process-probe.ts';
import { checkChain } from '../../store/audit-chain.ts';
import type { JobStore } from '../../store/contract.ts';

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
export async function stopRunner(holder: LeaseHolder | undefined, graceMs: number): Promise<StopResult> {
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
export function cancelJob(store: JobStore, approved: ApprovedPlan, clock: Clock): Promise<void> {
  const { plan, consent, evidence } = approved;
  const { principal, reason } = consent;
  return store.change(plan.jobId, {}, ({ job, epoch, runner, audit }) => {
    checkChain(audit);
    const { status } = job;
    const expected = [evidence.recorded.status, ...STOPPED_MEANWHILE];
    if (epoch !== evidence.recorded.epoch || !expected.includes(status)) {
      const lease = runner && { lease: { ...runner, fenced: false } };
      const recorded = { ...evidence.recorded, status, epoch };
      throw describeStale(plan, listChanges(plan, evidence, { ...evidence, ...lease, recorded }));
    }
    const atMs = clock.nowMs();
    const details = { epoch: epoch + 1, status_before: status, ...(reason !== undefined && { reason }) };
    return {
      answer: undefined,
      change: {
        atMs,
        fence: { purpose: 'cancel', principal },
        end: { status: 'cancelled', ...(job.error && { error: job.error }) },
        audit: [{ atMs, principal, action: 'cancel', outcome: 'done', planDigest: plan.digest, details }],
      },
    };
  });
}
