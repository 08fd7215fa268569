import type { DatabaseSync } from 'node:sqlite';
import type { Claim, HeldJob } from '../contract.ts';
import { checkEpoch } from '../lease-errors.ts';
import type { JobRecord } from '../records.ts';
import { jobDirectory, logPath } from '../state-directory.ts';
import { askAgain } from './ask-again.ts';
import { decideChange } from './change-job.ts';
import type { Connection } from './connection.ts';
import { changeStore, readStore } from './database.ts';
import { readJournalSequence } from './evidence-queries.ts';
import { changeJob, openJournalMark } from './high-water.ts';
import { endRun, raiseGeneration, readJob } from './jobs.ts';
import { beatHeart, checkFence, prepareEpochReader, releaseLease } from './leases.ts';
import { openRunLog } from './run-log.ts';
import { makeUnitJournal, resetUnits, retryFailedUnits } from './unit-journal.ts';
import { countUnitsByStatus, readInDoubt, readPendingUnits, readUnitData } from './units.ts';

/** What was taken: the job, by which claim, with which epoch, and how its lock is let go. */
export type Taken = {
  readonly job: JobRecord;
  readonly claim: Claim;
  readonly epoch: number;
  readonly earlierTokens: readonly string[];
  readonly releaseLock: () => void;
};

/**
 * A job that this process holds. Every write is done before its promise is made, so that nothing waits but for the disk.
 *
 * Source: decisions/0002.
 */
export function makeHeldJob(connection: Connection, taken: Taken): HeldJob {
  const { job, epoch } = taken;
  const { id: jobId, seq } = job;
  const database = connection.open();
  const directory = jobDirectory(connection.stateDirectory, jobId);
  const journal = makeUnitJournal(database, seq, epoch);
  const readHeldEpoch = prepareEpochReader(database, seq);
  const mark = openJournalMark(directory);
  const log = openRunLog(logPath(connection.stateDirectory, jobId));
  const checkHeld = () => checkEpoch(readHeldEpoch(), epoch);
  let isReleased = false;
  return {
    jobId,
    epoch,
    runToken: taken.claim.runToken,
    earlierTokens: taken.earlierTokens,
    log,
    async commit({ events, beatAtMs }) {
      changeStore(database, () => {
        checkHeld();
        journal.begin();
        for (const event of events) journal.append(event);
        if (beatAtMs !== undefined) beatHeart(database, seq, { epoch, atMs: beatAtMs });
      });
      // Before anybody acts on it.
      mark.write(journal.sequence());
    },
    checkHeld: async () => readStore(database, checkHeld),
    changeUnits: async (how, atMs) =>
      changeStore(database, () => {
        checkHeld();
        if (how === 'reset') raiseGeneration(database, seq);
        return UNITS_CHANGES[how](database, seq, { epoch, atMs });
      }),
    change: async (question, decide) =>
      decideChange(connection, { jobId, question, decide, guard: () => checkFence(database, seq, epoch) }),
    async finish({ atMs, journalSequence, ...end }) {
      return changeJob(database, { jobId, directory }, () => {
        checkHeld();
        const isAsSeen = journalSequence === undefined || readJournalSequence(database, seq) === journalSequence;
        if (!isAsSeen) return { answer: false, isChanged: false };
        endRun(database, seq, { ...end, atMs });
        releaseLease(database, seq, { epoch, atMs });
        return { answer: true, isChanged: true };
      });
    },
    counts: async () => readStore(database, () => countUnitsByStatus(database, seq)),
    // A restart raises the generation, and with it every idempotency key.
    pending: async (after) => readStore(database, () => readPendingUnits(database, reread(database, job), after)),
    inDoubt: async (after) => readStore(database, () => readInDoubt(database, reread(database, job), after)),
    unitData: async (number) => readStore(database, () => readUnitData(database, seq, number)),
    async release() {
      if (isReleased) return;
      isReleased = true;
      log.close();
      mark.close();
      taken.releaseLock();
    },
  };
}

const UNITS_CHANGES = { retry_failed: retryFailedUnits, reset: resetUnits, ask_again: askAgain } as const;

function reread(database: DatabaseSync, job: JobRecord): JobRecord {
  return readJob(database, job.id) ?? job;
}
