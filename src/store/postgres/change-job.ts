import { checkChain } from '../audit-chain.ts';
import type { ChangeQuestion, Decide, JobChange, JobState } from '../contract.ts';
import { describeJobUnknown } from '../lease-errors.ts';
import type { JobRecord, RowsChange } from '../records.ts';
import { appendAudit, insertLease, lockJob, type Onlooker, probeLiveness, readTakenState } from './jobs.ts';
import { appendEvents } from './journal.ts';
import type { Session } from './session.ts';
import type { Changed } from './sessions.ts';
import { countUnits, readNamedUnits } from './units.ts';

/** What to change, and how that is decided. `guard` is asked first. */
export type ChangeRequest<T> = {
  readonly jobId: string;
  readonly question: ChangeQuestion;
  readonly decide: Decide<T>;
  readonly guard?: (session: Session, job: JobRecord) => Promise<void>;
};

/** Changes a job as is decided inside the transaction, which it is called in. Errors: those of the contract. */
export async function decideChange<T>(
  session: Session,
  { jobId, question, decide, guard }: ChangeRequest<T>,
  onlooker: Onlooker & { readonly channel: string },
): Promise<Changed<T>> {
  const job = await lockJob(session, jobId);
  if (!job) throw describeJobUnknown(jobId);
  await guard?.(session, job);
  const state = await readState(session, { job, question }, onlooker);
  const { change, answer } = decide(state);
  if (!change) return { answer };
  await writeChange(session, { state, change }, onlooker);
  return { answer, ...(change.lastly && { lastly: change.lastly }) };
}

async function readState(
  session: Session,
  { job, question }: { readonly job: JobRecord; readonly question: ChangeQuestion },
  onlooker: Onlooker,
): Promise<JobState> {
  const [taken, units, counts] = await Promise.all([
    readTakenState(session, job),
    readNamedUnits(session, job, { keys: [], numbers: question.units ?? [] }),
    question.withCounts ? countUnits(session, job.seq) : undefined,
  ]);
  const { runner } = taken;
  const isHeld = runner !== undefined && runner.releasedAtMs === undefined;
  const liveness = isHeld ? await probeLiveness(session, { seq: job.seq, holder: runner }, onlooker) : undefined;
  return { ...taken, units, ...(counts && { counts }), ...(liveness && { liveness }) };
}

async function writeChange(
  session: Session,
  { state, change }: { readonly state: JobState; readonly change: JobChange },
  { own, channel }: Onlooker & { readonly channel: string },
): Promise<void> {
  const { job, epoch, audit } = state;
  const { atMs, fence, events = [], rows, status, end, audit: words = [] } = change;
  if (words.length > 0) checkChain(audit);
  const ownEpoch = fence ? epoch + 1 : epoch;
  if (fence) await insertLease(session, job.seq, { ...fence, epoch: ownEpoch, runToken: '', atMs, identity: own });
  await appendEvents(session, { jobSeq: job.seq, epoch: ownEpoch }, events);
  if (rows) await updateRows(session, job.seq, rows);
  if (status) await session.query('UPDATE jobs SET status = $1 WHERE seq = $2', [status, job.seq]);
  if (end) await endRun(session, job.seq, { ...end, atMs });
  if (words.length > 0) await appendAudit(session, job.seq, words);
  await notify(session, channel);
}

/** Records the rows file as it was found or written, and what it is about to become. */
export async function updateRows(session: Session, jobSeq: number, { next, ...file }: RowsChange): Promise<void> {
  const keep = 'INSERT INTO rows_files VALUES ($1, $2, $3) ON CONFLICT (job_seq, sha256) DO NOTHING';
  for (const { sha256, sizeBytes } of next ? [file, next] : [file]) {
    await session.query(keep, [jobSeq, sha256, sizeBytes]);
  }
  const text = 'UPDATE jobs SET rows_sha256 = $1, rows_size_bytes = $2, rows_sha256_expected = $3 WHERE seq = $4';
  await session.query(text, [file.sha256, file.sizeBytes, next?.sha256 ?? null, jobSeq]);
}

/** Records how a run ended. */
export async function endRun(
  session: Session,
  jobSeq: number,
  { status, error, atMs }: NonNullable<JobChange['end']> & { readonly atMs: number },
): Promise<void> {
  const text = `UPDATE jobs SET status = $1, ended_at_ms = $2, active_at_ms = $2, error_code = $3, error_message = $4
    WHERE seq = $5`;
  await session.query(text, [status, atMs, error?.code ?? null, error?.message ?? null, jobSeq]);
}

/** Says, once this transaction stands, that jobs changed. */
export async function notify(session: Session, channel: string): Promise<void> {
  await session.query('SELECT pg_notify($1, $2)', [channel, '']);
}
