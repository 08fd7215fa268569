import type { DatabaseSync } from 'node:sqlite';
import { checkChain } from '../audit-chain.ts';
import type { ChangeQuestion, Decide, JobChange, JobState, TakenState } from '../contract.ts';
import type { JobRecord } from '../records.ts';
import { jobDirectory, lockPath } from '../state-directory.ts';
import { appendAudit, readAuditFacts } from './audit.ts';
import type { Connection } from './connection.ts';
import { readJournalSequence } from './evidence-queries.ts';
import { changeJob } from './high-water.ts';
import { endRun, readRowsFiles, setStatus, updateRowsFile } from './jobs.ts';
import { insertLease, readEpoch, readRunner, readRunTokens, releaseLease } from './leases.ts';
import { probeLiveness } from './probe-liveness.ts';
import { makeUnitJournal } from './unit-journal.ts';
import { countUnitsByStatus, readNamedUnits } from './units.ts';

/** What to change, and how that is decided. `guard` is asked first. */
export type ChangeRequest<T> = {
  readonly jobId: string;
  readonly question: ChangeQuestion;
  readonly decide: Decide<T>;
  readonly guard?: (database: DatabaseSync, job: JobRecord) => void;
};

/** Changes a job as is decided inside the transaction. Errors: those of the contract. */
export function decideChange<T>(connection: Connection, request: ChangeRequest<T>): T {
  const { jobId, question, decide, guard } = request;
  const database = connection.open();
  return changeJob(database, { jobId, directory: jobDirectory(connection.stateDirectory, jobId) }, (job) => {
    guard?.(database, job);
    const state = readState(connection, job, question);
    const { change, answer } = decide(state);
    if (change) writeChange(connection, state, change);
    return { answer, isChanged: change !== undefined, ...(change?.lastly && { lastly: change.lastly }) };
  });
}

/** What every change is judged by. Call it inside the transaction. */
export function readTakenState(database: DatabaseSync, job: JobRecord): TakenState {
  const runner = readRunner(database, job.seq);
  return {
    job,
    rowsFiles: readRowsFiles(database, [job.seq]).get(job.seq) ?? [],
    epoch: readEpoch(database, job.seq),
    runTokens: readRunTokens(database, job.seq),
    audit: readAuditFacts(database, job.seq),
    journalSequence: readJournalSequence(database, job.seq),
    ...(runner && { runner }),
  };
}

/** The same with what a change asked for. Call it inside the transaction. */
export function readState(connection: Connection, job: JobRecord, question: ChangeQuestion): JobState {
  const database = connection.open();
  const taken = readTakenState(database, job);
  const { runner } = taken;
  const isHeld = runner !== undefined && runner.releasedAtMs === undefined;
  const { stateDirectory, identity, nowMs } = connection;
  const units = readNamedUnits(database, job, { keys: [], numbers: question.units ?? [] });
  return {
    ...taken,
    units,
    ...(question.withCounts && { counts: countUnitsByStatus(database, job.seq) }),
    ...(isHeld && {
      liveness: probeLiveness(runner, lockPath(stateDirectory, job.id), { own: identity(), nowMs: nowMs() }),
    }),
  };
}

function writeChange(connection: Connection, { job, epoch, audit }: JobState, change: JobChange): void {
  const database = connection.open();
  const { seq } = job;
  const { atMs, fence, events = [], rows, status, end, audit: words = [] } = change;
  if (words.length > 0) checkChain(audit);
  const own = fence ? epoch + 1 : epoch;
  if (fence) {
    const identity = connection.identity();
    insertLease(database, { jobSeq: seq, epoch: own, identity, runToken: '', atMs, ...fence });
    releaseLease(database, seq, { epoch: own, atMs });
  }
  if (events.length > 0) {
    const journal = makeUnitJournal(database, seq, own);
    journal.begin();
    for (const event of events) journal.append(event);
  }
  if (rows) updateRowsFile(database, seq, rows);
  if (status) setStatus(database, seq, status);
  if (end) endRun(database, seq, { ...end, atMs });
  for (const word of words) appendAudit(database, seq, word);
}
