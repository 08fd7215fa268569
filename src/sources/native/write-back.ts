import type { DatabaseSync } from 'node:sqlite';
import { judgeLiveness } from '../../core/diagnosis/judge-liveness.ts';
import { type ErrorCode, RecoveryError, toRecoveryError } from '../../core/errors.ts';
import type { JobError } from '../../core/job/schema.ts';
import { describeHolder, pickHolder } from '../../core/plan/check-choice.ts';
import type { Clock, WrittenRows } from '../../core/ports.ts';
import { appendAudit, checkAuditChain } from '../../store/audit.ts';
import { checkNotRegressed } from '../../store/high-water.ts';
import { endRun, type JobRecord, readJob } from '../../store/jobs.ts';
import { readRunner } from '../../store/leases.ts';
import { countUnitsByStatus } from '../../store/units.ts';
import { jobDirectory, lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';
import { translateSpecFacts } from './translate.ts';

/** Writes the rows file of a job; wired to the runner, which knows such files, where the ports are. */
export type WriteRows = (asked: {
  readonly database: DatabaseSync;
  readonly job: JobRecord;
  /** Called inside each transaction; throws when the writer may not go on. */
  readonly guard: () => void;
  /** Called inside the transaction that records the file as it is then. */
  readonly record: (written: Omit<WrittenRows, 'path'>) => void;
}) => Promise<WrittenRows>;

/** A write-back apart from a run. `principal` is whoever asked for it by itself; then it is audited. */
export type ResultsWriteBack = {
  readonly database: DatabaseSync;
  readonly stateDirectory: string;
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
export async function writeBackResults(asked: ResultsWriteBack): Promise<WrittenRows> {
  const { database, jobId, clock, principal } = asked;
  const job = readJob(database, jobId);
  const details = { job: jobId };
  if (!job) throw new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId}`, { details });
  if (!translateSpecFacts(job.spec).writesBack) {
    throw new RecoveryError('WRITE_BACK_EMPTY', `the job file of '${job.name}' names no write_back`, { details });
  }
  // An older store would take receipts out of the file again.
  checkNotRegressed(database, job.seq, { jobId, directory: jobDirectory(asked.stateDirectory, jobId) });
  // Whoever settles or cancels takes an epoch too, and writes no results but those that are recorded.
  const epoch = readRunner(database, job.seq)?.epoch;
  checkNoRunner(asked, job);
  return asked.write({
    database,
    job,
    guard() {
      checkAuditChain(database, job.seq);
      const current = readRunner(database, job.seq)?.epoch;
      if (current === epoch) return;
      const message = `job '${job.name}' was taken over meanwhile (epoch ${current}); that run writes its results back`;
      throw new RecoveryError('EVIDENCE_STALE', message, { details: { ...details, epoch, current } });
    },
    record({ sha256, changed }) {
      const atMs = clock.nowMs();
      if (isHeldUp(database, jobId)) endRun(database, job.seq, { status: 'completed', atMs });
      if (principal === undefined) return;
      const written = { sha256, changed };
      appendAudit(database, job.seq, { atMs, principal, action: 'write_back', outcome: 'done', details: written });
    },
  });
}

/** A holder that was fenced writes nothing any more, whether or not it lives. */
function checkNoRunner({ database, stateDirectory, clock }: ResultsWriteBack, job: JobRecord): void {
  const holder = readRunner(database, job.seq);
  if (!holder || holder.releasedAtMs !== undefined || holder.fenced) return;
  const judgement = judgeLiveness(holder, probeLiveness(holder, lockPath(stateDirectory, job.id), clock.nowMs()));
  if (judgement.type === 'dead') return;
  const details = { job: job.id, holder: pickHolder(holder) };
  if (judgement.type === 'alive') {
    const message = `${describeHolder(holder)} runs job '${job.name}' and writes its results back at the end`;
    throw new RecoveryError('RUNNER_ALIVE', message, { details });
  }
  const message = `whether ${describeHolder(holder)} still runs job '${job.name}' cannot be told: ${judgement.reason}`;
  throw new RecoveryError('LIVENESS_UNKNOWN', message, { details });
}

const ROWS_FILE_CODES: readonly string[] = ['WRITE_BACK_FAILED', 'ROWS_FILE_CHANGED', 'ROWS_FILE_MISSING'];

/** Whether a run ended for what it could not write back; doing so ends it well. */
export function isRowsFileError(error: JobError | undefined): boolean {
  return error !== undefined && ROWS_FILE_CODES.includes(error.code);
}

/** Whether nothing but the rows file kept a job from its end. */
function isHeldUp(database: DatabaseSync, jobId: string): boolean {
  const job = readJob(database, jobId);
  if (job?.status !== 'failed' || !isRowsFileError(job.error)) return false;
  const { pending, failed, in_doubt: inDoubt } = countUnitsByStatus(database, job.seq);
  return pending + failed + inDoubt === 0;
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
