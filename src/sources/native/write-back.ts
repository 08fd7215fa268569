import { judgeLiveness } from '../../core/diagnosis/judge-liveness.ts';
import { type ErrorCode, RecoveryError, toRecoveryError } from '../../core/errors.ts';
import type { JobError } from '../../core/job/schema.ts';
import { describeHolder, pickHolder } from '../../core/plan/describe-holder.ts';
import type { Clock, WrittenRows } from '../../core/ports.ts';
import { readSpecFacts } from '../../runner/kinds/registry.ts';
import type { WriteRows } from '../../runner/write-rows.ts';
import { checkChain } from '../../store/audit-chain.ts';
import type { AuditWord, JobState, JobStore } from '../../store/contract.ts';
import { describeJobUnknown } from '../../store/lease-errors.ts';

/** A write-back apart from a run. `principal` is whoever asked for it by itself; then it is audited. */
export type ResultsWriteBack = {
  readonly store: JobStore;
  readonly jobId: string;
  readonly clock: Clock;
  readonly write: WriteRows;
  readonly principal?: string;
};

/**
 * Writes what is true now into a job's rows file while no runner lives: a living one does so at its end.
 *
 * A job that had ended for nothing but its rows file has ended well then.
 *
 * Errors: JOB_UNKNOWN, WRITE_BACK_EMPTY, RUNNER_ALIVE, LIVENESS_UNKNOWN, AUDIT_BROKEN, STORE_REGRESSED, EVIDENCE_STALE
 *         when the job is taken meanwhile, and those of writing back; the file is untouched then.
 * Source: contract, commands (write-back); design, rules 2 and 7; decisions/0013.
 */
export async function writeBackResults({
  store,
  jobId,
  clock,
  write,
  principal,
}: ResultsWriteBack): Promise<WrittenRows> {
  const details = { job: jobId };
  const [job] = await store.find(jobId, 1);
  if (job?.id !== jobId) throw describeJobUnknown(jobId);
  if (!readSpecFacts(job).writesBack) {
    throw new RecoveryError('WRITE_BACK_EMPTY', `the job file of '${job.name}' names no write_back`, { details });
  }
  // Whoever settles or cancels takes an epoch too, and writes no results but those that are recorded.
  const epoch = await store.change(jobId, {}, (state) => {
    checkNoRunner(state);
    return { answer: state.runner?.epoch };
  });
  return write({
    store,
    job,
    clock,
    guard({ audit, runner }) {
      checkChain(audit);
      const current = runner?.epoch;
      if (current === epoch) return;
      const message = `job '${job.name}' was taken over meanwhile (epoch ${current}); that run writes its results back`;
      throw new RecoveryError('EVIDENCE_STALE', message, { details: { ...details, epoch, current } });
    },
    record: (state, { sha256, changed }) => ({
      ...(isHeldUp(state) && { end: { status: 'completed' } }),
      ...(principal !== undefined && { audit: [describeWrittenBack(principal, clock.nowMs(), { sha256, changed })] }),
    }),
  });
}

function describeWrittenBack(principal: string, atMs: number, details: Omit<WrittenRows, 'path'>): AuditWord {
  return { atMs, principal, action: 'write_back', outcome: 'done', details };
}

/** A holder that was fenced writes nothing any more, whether or not it lives. */
function checkNoRunner({ job, runner: holder, liveness }: JobState): void {
  if (!holder || !liveness || holder.fenced) return;
  const judgement = judgeLiveness(holder, liveness);
  if (judgement.type === 'dead') return;
  const details = { job: job.id, holder: pickHolder(holder) };
  if (judgement.type === 'alive') {
    const message = `${describeHolder(holder)} runs job '${job.name}' and writes its results back at the end`;
    throw new RecoveryError('RUNNER_ALIVE', message, { details });
  }
  const message = `Salvor cannot tell whether ${describeHolder(holder)} still runs job '${job.name}': ${judgement.reason}`;
  throw new RecoveryError('LIVENESS_UNKNOWN', message, { details });
}

const ROWS_FILE_CODES: readonly string[] = ['WRITE_BACK_FAILED', 'ROWS_FILE_CHANGED', 'ROWS_FILE_MISSING'];

/** Whether a run ended for what it could not write back; doing so ends it well. */
export function isRowsFileError(error: JobError | undefined): boolean {
  return error !== undefined && ROWS_FILE_CODES.includes(error.code);
}

/** Whether nothing but the rows file kept a job from its end. */
function isHeldUp({ job, counts }: JobState): boolean {
  if (job.status !== 'failed' || !isRowsFileError(job.error)) return false;
  return counts !== undefined && counts.pending + counts.failed + counts.in_doubt === 0;
}

/**
 * Writes back after a change that stands by itself, a settled row or a cancelled job: what goes wrong is answered and
 * undoes nothing. Nothing has to be said of a job that writes nothing back, or whose runner will.
 *
 * Errors: none thrown.
 */
export async function writeBackAfter(asked: ResultsWriteBack): Promise<JobError | undefined> {
  try {
    await writeBackResults(asked);
    return undefined;
  } catch (thrown) {
    const { code, message } = toRecoveryError(thrown);
    if (code === 'WRITE_BACK_EMPTY' || code === 'RUNNER_ALIVE') return undefined;
    return { code, message: `the rows file does not say it yet: ${message}; ${adviseAfter(code, asked.jobId)}` };
  }
}

/** Writing to a file that is another one now fails each time, and its original may be gone for good. */
function adviseAfter(code: ErrorCode, jobId: string): string {
  const again = `salvor write-back ${jobId}`;
  return code === 'ROWS_FILE_CHANGED'
    ? `salvor units ${jobId} --csv has the results, and once the file is put back as the job read it or left it, ${again} writes them`
    : `repeat it with ${again}`;
}
