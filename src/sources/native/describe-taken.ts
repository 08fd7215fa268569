import type { RecoveryError } from '../../core/errors.ts';
import { describeStale, listChanges } from '../../core/plan/plan-basis.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { JobState } from '../../store/contract.ts';

/** The error of a plan about who holds a job, when that is somebody else by now, or the job ended: EVIDENCE_STALE. */
export function describeTaken(
  { plan, evidence }: ApprovedPlan,
  { job: { status }, epoch, runner }: Pick<JobState, 'job' | 'epoch' | 'runner'>,
): RecoveryError {
  const lease = runner && { lease: { ...runner, fenced: false } };
  const recorded = { ...evidence.recorded, status, epoch };
  return describeStale(plan, listChanges(plan, evidence, { ...evidence, ...lease, recorded }));
}
