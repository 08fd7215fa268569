import { RecoveryError, toRecoveryError } from '../../core/errors.ts';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import type { ExecutionResult } from '../../core/execution/schema.ts';
import { STOP_EXIT_CODES, type StopSignal } from '../../core/execution/stop-signals.ts';
import type { JobError } from '../../core/job/schema.ts';
import { describeHolder, pickHolder } from '../../core/plan/describe-holder.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Clock } from '../../core/ports.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { checkChain } from '../../store/audit-chain.ts';
import type { AuditWord, JobLook, JobStore } from '../../store/contract.ts';
import { describeTaken } from './describe-taken.ts';
import { canAsk, type StopResult, type StopWait, stopRunner } from './stop-runner.ts';

/** What stopping a job takes. `signal` is what whoever waits was told meanwhile. */
export type StopOrder = StopWait & {
  readonly store: JobStore;
  readonly approved: ApprovedPlan;
  readonly clock: Clock;
  /** The runner, as it was seen right before. */
  readonly holder: LeaseHolder;
  readonly signal: () => StopSignal | undefined;
};

/** What a stop came to; `told` is what its report says where that does not follow from the end. */
export type StopEnd = Pick<ExecutionResult, 'end' | 'error' | 'warnings'> & {
  readonly result: 'stopped' | 'completed' | 'failed' | 'died' | 'still_running' | 'taken_over';
  readonly told?: Pick<RecoveryReport['outcome'], 'status' | 'exit_code'>;
};

/** The same with what became of asking the runner. */
type Stopped = StopEnd & { readonly asked: StopResult };

/**
 * Asks the runner of a job to stop after the unit in hand, waits for it, and says what came of it. The job is not taken
 * and nobody is fenced. Who asked is in the audit chain before the runner is, and what came of it afterwards.
 *
 * Errors: RUNNER_OUT_OF_REACH, EVIDENCE_STALE, AUDIT_BROKEN, STORE_REGRESSED; nobody was asked then.
 * Source: design, rules 7 and 9; decisions/0032.
 */
export async function stopJob(order: StopOrder): Promise<Stopped> {
  const { store, approved, holder } = order;
  const { plan } = approved;
  checkReach(holder, plan.jobName);
  await recordAsking(order);
  const asked = await stopRunner(holder, order);
  const after = await store.look(plan.jobId);
  const end = after ? judgeStop(asked, after, order) : describeDeath(holder);
  const warning = await record(order, say(order, 'stop_outcome', { result: end.result }));
  return { ...end, asked, warnings: [...(end.warnings ?? []), ...warning] };
}

/** Who is asked to stop, by whom and why. */
export type Asking = Pick<StopOrder, 'store' | 'approved' | 'clock' | 'holder'>;

/**
 * Records that a runner is asked to stop, before it is: for a stop, and for a cancel that begins with one.
 *
 * Errors: EVIDENCE_STALE, AUDIT_BROKEN, STORE_REGRESSED, and those of a store that cannot be written.
 */
export async function recordAsking(asking: Asking): Promise<void> {
  const { store, approved, holder } = asking;
  const { plan, consent } = approved;
  const { host, pid } = holder;
  const why = consent.reason === undefined ? {} : { reason: consent.reason };
  const word = say(asking, 'stop', { host, pid, ...why, ...(plan.choice !== 'stop' && { for: plan.choice }) });
  await store.change(plan.jobId, {}, (state) => {
    checkChain(state.audit);
    if (state.epoch !== holder.epoch) throw describeTaken(approved, state);
    return { answer: undefined, change: { atMs: word.atMs, audit: [word] } };
  });
}

function say(
  { approved: { plan, consent }, clock, holder }: Asking,
  action: string,
  details: AuditWord['details'],
): AuditWord {
  return {
    atMs: clock.nowMs(),
    principal: consent.principal,
    action,
    outcome: 'done',
    planDigest: plan.digest,
    details: { holder_epoch: holder.epoch, ...details },
  };
}

/** The plan was made where the runner could be asked; who cannot ask it by now writes down nothing either. */
function checkReach(holder: LeaseHolder, jobName: string): void {
  if (canAsk(holder)) return;
  const message = `${describeHolder(holder)} runs job '${jobName}', and can no longer be asked to stop from here`;
  throw new RecoveryError('RUNNER_OUT_OF_REACH', message, { details: { holder: pickHolder(holder) } });
}

function judgeStop(
  asked: StopResult,
  { job, epoch, runner, liveness }: JobLook,
  { holder, signal }: StopOrder,
): StopEnd {
  if (epoch !== holder.epoch) {
    const status = job.status === 'cancelled' ? 'cancelled' : 'stopped';
    return { result: 'taken_over', end: 'fenced', told: { status, exit_code: 6 } };
  }
  const error = job.error && { error: job.error };
  if (runner?.releasedAtMs !== undefined) {
    if (job.status === 'completed') return { result: 'completed', end: 'completed' };
    if (job.status === 'failed') return { result: 'failed', end: 'failed', ...error };
    const warnings = job.error ? [job.error] : [];
    return { result: 'stopped', end: 'stopped', told: { status: 'stopped', exit_code: 0 }, warnings };
  }
  if (asked !== 'still_running') return describeDeath(holder);
  const by = signal();
  const isSuspended = liveness?.processState === 'T' || liveness?.processState === 't';
  const rest = isSuspended ? `: it is stopped (SIGSTOP), and kill -CONT ${holder.pid} lets it go on` : '';
  return {
    result: 'still_running',
    end: 'failed',
    told: { status: 'failed', exit_code: by === undefined ? 6 : STOP_EXIT_CODES[by] },
    error: { code: 'RUNNER_NOT_ENDED', message: `${describeHolder(holder)} was asked to stop and still runs${rest}` },
  };
}

function describeDeath({ pid, host }: LeaseHolder): StopEnd {
  const message = `the runner (process ${pid} on ${host}) ended without its last word; what it had in hand is in doubt`;
  return { result: 'died', end: 'failed', error: { code: 'RUN_FAILED', message } };
}

/** The runner was asked, whether or not what came of it can be recorded. */
async function record({ store, approved }: StopOrder, word: AuditWord): Promise<readonly JobError[]> {
  try {
    const change = { atMs: word.atMs, audit: [word] };
    await store.change(approved.plan.jobId, {}, () => ({ answer: undefined, change }));
    return [];
  } catch (thrown) {
    const { code, message } = toRecoveryError(thrown);
    return [{ code, message: `what came of the stop is not in the audit chain: ${message}` }];
  }
}
