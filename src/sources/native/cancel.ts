import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Clock } from '../../core/ports.ts';
import { checkChain } from '../../store/audit-chain.ts';
import type { JobStore } from '../../store/contract.ts';
import { describeTaken } from './describe-taken.ts';

/** Statuses a job may have come to by itself while its runner was asked to stop. */
const STOPPED_MEANWHILE: readonly string[] = ['stopped', 'failed'];

/**
 * Records a job as cancelled with an epoch above its runner's, whose last word is refused from then on.
 *
 * Errors: EVIDENCE_STALE when the job ended meanwhile, or somebody else took it; AUDIT_BROKEN; STORE_REGRESSED.
 */
export function cancelJob(store: JobStore, approved: ApprovedPlan, clock: Clock): Promise<void> {
  const { plan, consent, evidence } = approved;
  const { principal, reason } = consent;
  return store.change(plan.jobId, {}, (state) => {
    const { job, epoch, audit } = state;
    checkChain(audit);
    const { status } = job;
    const expected = [evidence.recorded.status, ...STOPPED_MEANWHILE];
    if (epoch !== evidence.recorded.epoch || !expected.includes(status)) {
      throw describeTaken(approved, state);
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
