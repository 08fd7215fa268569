import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { buildProposal } from '../../../src/core/families/propose.ts';
import { approvePlan } from '../../../src/core/plan/approve-plan.ts';
import type { ApprovedPlan } from '../../../src/core/plan/schema.ts';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import { cancelJob } from '../../../src/sources/native/cancel.ts';
import { collectEvidence } from '../../../src/sources/native/collect.ts';
import type { JobRecord } from '../../../src/store/records.ts';
import { readAudit } from '../../../src/store/sqlite/audit.ts';
import { setStatus } from '../../../src/store/sqlite/jobs.ts';
import { checkFence, readRunner, releaseLease } from '../../../src/store/sqlite/leases.ts';
import { ANYBODY } from '../../helpers/evidence-builders.ts';
import { makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const AT_MS = SEED_MS + 60_000;

/** Agrees to cancel a job as it is now. */
async function approveCancel(state: TempState, job: JobRecord): Promise<ApprovedPlan> {
  const evidence = await collectEvidence(state.open(AT_MS), job.id);
  const proposal = buildProposal({ evidence, diagnosis: diagnose(evidence), authority: ANYBODY }, 'cancel', {});
  if (proposal.type !== 'plan') throw new Error('cancel is refused');
  const consent = { planDigest: proposal.plan.digest, principal: 'local:ops', atMs: AT_MS, reason: 'obsolete' };
  return approvePlan(proposal.plan, { ...consent, form: 'flag' }, evidence);
}

const cancel = (state: TempState, approved: ApprovedPlan) =>
  cancelJob(state.open(AT_MS), approved, { nowMs: () => AT_MS });

describe('cancelJob', () => {
  it('takes the job with a higher epoch, records the end and says who, why and after which plan', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running', units: ['in_doubt', 'pending'] });
    state.hold(job, { identity: { ...readOwnIdentity(), pid: 2 ** 30 } });
    const approved = await approveCancel(state, job);
    await cancel(state, approved);
    expect(state.reread(job)).toMatchObject({ status: 'cancelled', endedAtMs: AT_MS });
    expect(readRunner(state.database, job.seq)).toMatchObject({ epoch: 1, fenced: true });
    expect(() => checkFence(state.database, job.seq, 1)).toThrow(expect.objectContaining({ code: 'LEASE_FENCED' }));
    expect(readAudit(state.database, job.seq)).toMatchObject([
      {
        action: 'cancel',
        principal: 'local:ops',
        outcome: 'done',
        planDigest: approved.plan.digest,
        details: { epoch: 2, status_before: 'running', reason: 'obsolete' },
      },
    ]);
  });

  it.each(['stopped', 'failed'] as const)('cancels a job whose runner %s meanwhile', async (status) => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running', units: ['pending'] });
    state.hold(job);
    const approved = await approveCancel(state, job);
    releaseLease(state.database, job.seq, { epoch: 1, atMs: AT_MS });
    setStatus(state.database, job.seq, status);
    await cancel(state, approved);
    expect(state.reread(job).status).toBe('cancelled');
  });

  it.each<readonly [string, (state: TempState, job: JobRecord) => void]>([
    ['it ran to its end meanwhile', (state, job) => setStatus(state.database, job.seq, 'completed')],
    ['it was cancelled meanwhile', (state, job) => setStatus(state.database, job.seq, 'cancelled')],
    ['somebody else took it meanwhile', (state, job) => void state.hold(job)],
  ])('EVIDENCE_STALE: %s; nothing is changed', async (_what, change) => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running', units: ['pending'] });
    state.hold(job);
    const approved = await approveCancel(state, job);
    change(state, job);
    const before = [state.reread(job), readRunner(state.database, job.seq)];
    await expect(cancel(state, approved)).rejects.toMatchObject({ code: 'EVIDENCE_STALE' });
    expect([state.reread(job), readRunner(state.database, job.seq)]).toEqual(before);
    expect(readAudit(state.database, job.seq)).toEqual([]);
  });
});
