import { checkChain } from '../audit-chain.ts';
import type { Claim, HeldJob, TakenState } from '../contract.ts';
import { describeConflict, describeJobUnknown } from '../lease-errors.ts';
import type { JobRecord } from '../records.ts';
import { decideChange, endRun, notify } from './change-job.ts';
import { describeError } from './describe-error.ts';
import {
  appendAudit,
  insertLease,
  lockJob,
  type Onlooker,
  readJob,
  readJournalSequence,
  readTakenState,
} from './jobs.ts';
import { changeUnits, checkFence, commitUnits } from './journal.ts';
import { expectCurrentStore } from './prepare-store.ts';
import { openRunLog } from './run-log.ts';
import type { Session } from './session.ts';
import { type Changed, inTransaction, type Sessions } from './sessions.ts';
import { countUnits, readInDoubt, readPendingUnits, readUnitData } from './units.ts';

/** What a job is taken by, and who judges it. */
export type Taking = { readonly jobId: string; readonly claim: Claim; readonly judge: (state: TakenState) => void };

/** Who takes it, and where changes are told. */
export type Taker = { readonly own: Onlooker['own']; readonly channel: string };

const CHANGING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

/**
 * Takes a job on a session of its own, whose lock is the proof of life: the server drops it with the session. The lock is
 * taken inside the transaction, so that whoever loses always finds the winner recorded.
 *
 * Errors: those of the contract; nothing is held then.
 */
export async function takeJob(sessions: Sessions, taking: Taking, taker: Taker): Promise<HeldJob> {
  const session = await sessions.open();
  const { place } = sessions.settings;
  try {
    const store = await expectCurrentStore(session, sessions.settings);
    const work = async () => ({ answer: await takeLocked(session, taking, { ...taker, store }) });
    const taken = await inTransaction(session, CHANGING, work);
    return makeHeldJob(session, { ...taken, claim: taking.claim, place }, { ...taker, store });
  } catch (error) {
    await session.close();
    throw describeError(place, error);
  }
}

type Taken = { readonly job: JobRecord; readonly epoch: number; readonly earlierTokens: readonly string[] };

async function takeLocked(
  session: Session,
  { jobId, claim, judge }: Taking,
  { own, store, channel }: Onlooker & Taker,
): Promise<Taken> {
  const job = await lockJob(session, jobId);
  if (!job) throw describeJobUnknown(jobId);
  const state = await readTakenState(session, job);
  judge(state);
  checkChain(state.audit);
  const [lock] = await session.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [store.lockSpace, job.seq]);
  if (lock?.taken !== true) throw describeConflict(job, state.runner);
  const { runToken, principal, atMs, audit } = claim;
  const epoch = state.epoch + 1;
  await insertLease(session, job.seq, { epoch, purpose: 'run', runToken, principal, atMs, identity: own });
  await appendAudit(session, job.seq, [{ ...audit, details: { ...audit.details, epoch } }]);
  const text = `UPDATE jobs SET status = 'running', run_count = run_count + 1,
    started_at_ms = coalesce(started_at_ms, $1), ended_at_ms = NULL, active_at_ms = $1, error_code = NULL,
    error_message = NULL WHERE seq = $2`;
  await session.query(text, [atMs, job.seq]);
  await notify(session, channel);
  return { job, epoch, earlierTokens: state.runTokens };
}

/**
 * A job that this process holds, by one session. What waits for an answer has the session for itself, one after the
 * other. Once the session is lost it is lost for good: another one would not have its lock.
 */
function makeHeldJob(
  session: Session,
  taken: Taken & { readonly claim: Claim; readonly place: string },
  onlooker: Onlooker & Taker,
): HeldJob {
  const { job, epoch, claim, earlierTokens, place } = taken;
  const { seq } = job;
  const mark = { jobSeq: seq, epoch, channel: onlooker.channel };
  const alone = makeTurns();
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    alone(async () => {
      try {
        return await work();
      } catch (error) {
        throw describeError(place, error);
      }
    });
  const changing = <T>(work: (now: JobRecord) => Promise<Changed<T>>): Promise<T> =>
    ask(() =>
      inTransaction(session, CHANGING, async () => {
        const now = await lockJob(session, job.id);
        if (!now) throw describeJobUnknown(job.id);
        await checkFence(session, seq, epoch);
        return work(now);
      }),
    );
  const log = openRunLog(session, seq, ask);
  let released: Promise<void> | undefined;
  return {
    jobId: job.id,
    epoch,
    runToken: claim.runToken,
    earlierTokens,
    log,
    // What a command printed before its outcome is there when the outcome is.
    commit: (batch) => ask(() => commitUnits(session, mark, { ...batch, printed: log.take() })),
    checkHeld: () => ask(() => checkFence(session, seq, epoch)),
    changeUnits: (how, atMs) => changing(async () => ({ answer: await changeUnits(session, how, { ...mark, atMs }) })),
    change: (question, decide) => changing(() => decideChange(session, { jobId: job.id, question, decide }, onlooker)),
    finish: ({ atMs, journalSequence, ...end }) =>
      changing(async () => {
        const isAsSeen = journalSequence === undefined || (await readJournalSequence(session, seq)) === journalSequence;
        if (!isAsSeen) return { answer: false };
        await endRun(session, seq, { ...end, atMs });
        await session.query('UPDATE leases SET released_at_ms = $1 WHERE job_seq = $2 AND epoch = $3', [
          atMs,
          seq,
          epoch,
        ]);
        await notify(session, onlooker.channel);
        return { answer: true };
      }),
    counts: () => ask(() => countUnits(session, seq)),
    // A restart raises the generation, and with it every idempotency key.
    pending: (after) => ask(async () => readPendingUnits(session, await reread(session, job), after)),
    inDoubt: (after) => ask(async () => readInDoubt(session, await reread(session, job), after)),
    unitData: (number) => ask(() => readUnitData(session, seq, number)),
    release() {
      released ??= log.flush().then(() => alone(() => session.close()));
      return released;
    },
  };
}

async function reread(session: Session, job: JobRecord): Promise<JobRecord> {
  return (await readJob(session, job.id)) ?? job;
}

/** Makes what lets pieces of work run one after the other. */
function makeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
