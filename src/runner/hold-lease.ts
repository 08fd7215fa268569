import { randomBytes } from 'node:crypto';
import type { Evidence } from '../core/evidence/schema.ts';
import type { FactChange } from '../core/plan/fact-change.ts';
import { describeStale } from '../core/plan/plan-basis.ts';
import type { AuditWord, HeldJob, JobStore, TakenState } from '../store/contract.ts';
import { describeConflict } from '../store/lease-errors.ts';
import type { JobRecord } from '../store/records.ts';

/** What must still be true for a job to be taken. */
export type ExpectedState = { readonly epoch: number; readonly status: string; readonly journalSequence: number };

/** What was seen of a job when its plan was made, as far as taking it hangs on it. Errors: none. */
export function pickExpected({ recorded, units }: Evidence): ExpectedState {
  const { epoch, status } = recorded;
  return { epoch, status, journalSequence: units?.journalSequence ?? 0 };
}

/**
 * Takes a job that is as it was seen: the proof of life, a higher epoch, the audit entry and the begin of the run, in one
 * transaction.
 *
 * Errors: LEASE_HELD naming the holder; EVIDENCE_STALE when the job is no longer as it was seen; AUDIT_BROKEN;
 *         STORE_REGRESSED.
 * Source: design, rules 7, 8 and 9.
 */
export function holdLease(options: {
  readonly store: JobStore;
  readonly job: Pick<JobRecord, 'id' | 'name'>;
  readonly expected: ExpectedState;
  readonly audit: AuditWord;
}): Promise<HeldJob> {
  const { store, job, expected, audit } = options;
  const { principal, atMs } = audit;
  const runToken = randomBytes(16).toString('hex');
  return store.take(job.id, { runToken, principal, atMs, audit }, (state) => checkUnchanged(state, expected));
}

/**
 * Checks that a job is as it was seen.
 *
 * Errors: EVIDENCE_STALE, or LEASE_HELD when somebody took it meanwhile.
 */
function checkUnchanged({ job, epoch, runner, journalSequence }: TakenState, expected: ExpectedState): void {
  if (epoch !== expected.epoch && job.status === 'running') throw describeConflict(job, runner);
  const compared: readonly FactChange[] = [
    { fact: 'epoch', was: expected.epoch, is: epoch },
    { fact: 'status', was: expected.status, is: job.status },
    { fact: 'journal', was: expected.journalSequence, is: journalSequence },
  ];
  const changes = compared.filter(({ was, is }) => was !== is);
  if (changes.length > 0) throw describeStale({ jobId: job.id, jobName: job.name }, changes);
}
