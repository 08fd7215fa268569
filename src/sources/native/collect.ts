import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { RecoveryError } from '../../core/errors.ts';
import type { Evidence, PrerequisiteFacts, UnitsEvidence } from '../../core/evidence/schema.ts';
import { findMissingCommand } from '../../platform/find-missing-command.ts';
import { findOrphans } from '../../platform/find-orphans.ts';
import { readAuditFacts } from '../../store/audit.ts';
import { lookAtStore, storePath } from '../../store/database.ts';
import {
  readAttentionUnits,
  readJournalSequence,
  readLastDone,
  readLastErrorUnit,
  readUnitNumbers,
} from '../../store/evidence-queries.ts';
import { findRegression, readHighWater } from '../../store/high-water.ts';
import { type JobRecord, type RowsFile, readJob, readRowsFiles } from '../../store/jobs.ts';
import { readEpoch, readRunner, readRunTokens } from '../../store/leases.ts';
import { jobDirectory, lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';
import { translateJobRef, translateSpecFacts } from './translate.ts';

/** How often, and after how long, a job is looked at again that somebody is just taking over. */
const TAKEOVER_LOOKS = 50;
const TAKEOVER_LOOK_MS = 10;

/**
 * Reads everything about one job of a native state directory; changes nothing.
 *
 * Store and lock cannot be read in one instant: whoever takes the job over holds its lock a moment before it is
 * recorded. Such a look is repeated, so that the holder named is the one that holds.
 *
 * Errors: JOB_UNKNOWN, STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 * Source: design, rules 1 and 2.
 */
export async function collectEvidence(stateDirectory: string, jobId: string, nowMs: number): Promise<Evidence> {
  for (let looksLeft = TAKEOVER_LOOKS; ; looksLeft -= 1) {
    const evidence = await collectOnce(stateDirectory, jobId, nowMs);
    if (!isBeingTaken(evidence) || looksLeft === 0) return evidence;
    await delay(TAKEOVER_LOOK_MS);
  }
}

/** The lock is held, and not by the process that is recorded. */
function isBeingTaken({ liveness }: Evidence): boolean {
  return liveness?.lock === 'held' && (liveness.process === 'gone' || liveness.process === 'other');
}

async function collectOnce(stateDirectory: string, jobId: string, nowMs: number): Promise<Evidence> {
  // Before the store, which only goes forward: a mark read after it could be ahead of what was seen.
  const mark = readHighWater(jobDirectory(stateDirectory, jobId));
  const seen = lookAtStore(stateDirectory, (database) => lookAtJob(database, jobId, mark));
  if (!seen) {
    const path = storePath(stateDirectory);
    throw new RecoveryError('JOB_UNKNOWN', `${path} has no job ${jobId}`, { details: { job: jobId, path } });
  }
  const { record, rowsFiles, holder, epoch, runTokens, units, audit, regression } = seen;
  const liveness = holder && probeLiveness(holder, lockPath(stateDirectory, jobId), nowMs);
  const holderLives = holder !== undefined && !holder.fenced && liveness?.lock === 'held';
  const orphanTokens = holderLives ? runTokens.filter((token) => token !== holder.runToken) : runTokens;
  const lastError = units.lastFailing?.error ?? record.error;
  return {
    job: translateJobRef(record, stateDirectory),
    recorded: {
      status: record.status,
      runCount: record.runCount,
      epoch,
      lastEventAtMs: record.activeAtMs,
      ...(record.startedAtMs !== undefined && { startedAtMs: record.startedAtMs }),
      ...(record.endedAtMs !== undefined && { endedAtMs: record.endedAtMs }),
      ...(lastError && { lastError }),
    },
    ...(holder && { lease: holder }),
    ...(liveness && { liveness }),
    orphans: findOrphans(orphanTokens),
    units,
    prerequisites: [...inspectDirectory(record), ...(await inspectRowsFile(record, rowsFiles))],
    audit,
    ...(regression && { regression }),
    collectedAtMs: nowMs,
  };
}

function lookAtJob(database: DatabaseSync, jobId: string, mark: ReturnType<typeof readHighWater>) {
  const record = readJob(database, jobId);
  if (!record) return undefined;
  const spec = translateSpecFacts(record.spec);
  const lastDone = readLastDone(database, record);
  const lastFailing = readLastErrorUnit(database, record);
  const units: UnitsEvidence = {
    unit: 'row',
    ...readUnitNumbers(database, record.seq),
    attention: readAttentionUnits(database, record),
    journalSequence: readJournalSequence(database, record.seq),
    canVerify: spec.canVerify,
    ...(spec.receiptLabel !== undefined && { receiptLabel: spec.receiptLabel }),
    ...(lastDone && { lastDone }),
    ...(lastFailing && { lastFailing }),
  };
  return {
    record,
    rowsFiles: readRowsFiles(database, record.seq),
    units,
    holder: readRunner(database, record.seq),
    epoch: readEpoch(database, record.seq),
    runTokens: readRunTokens(database, record.seq),
    regression: findRegression(database, record.seq, mark),
    audit: readAuditFacts(database, record.seq),
  };
}

/** Commands run in the directory of the job file; an ended job runs none. */
function inspectDirectory(record: JobRecord): readonly PrerequisiteFacts[] {
  const { directory: path, commands } = translateSpecFacts(record.spec);
  if (path === undefined || hasEnded(record)) return [];
  const base = { what: 'job_directory', path } as const;
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isDirectory()) return [{ ...base, state: 'missing', found: stats ? 'a file' : 'ENOENT' }];
  } catch (error) {
    return [{ ...base, state: 'unreadable', found: describeCode(error) }];
  }
  if (!commands) return [];
  return commands.lines.flatMap((line) => {
    const missing = findMissingCommand(line, commands.place);
    return missing ? [{ what: 'command', path: missing.command, state: missing.state, found: missing.problem }] : [];
  });
}

function hasEnded({ status }: JobRecord): boolean {
  return status === 'completed' || status === 'cancelled';
}

function describeCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

/** Compares the rows file with every content it is known to have had; a finished or cancelled job needs it no more. */
async function inspectRowsFile(record: JobRecord, known: readonly RowsFile[]): Promise<readonly PrerequisiteFacts[]> {
  if (!record.rows || hasEnded(record)) return [];
  const { path, sha256: expected } = record.rows;
  const base = { what: 'rows_file', path, expected } as const;
  try {
    // A pipe would be read for ever.
    const stats = statSync(path);
    if (!stats.isFile())
      return [{ ...base, found: stats.isDirectory() ? 'EISDIR' : 'not a file', state: 'unreadable' }];
    const { digestFile } = await import('../../platform/digest-file.ts');
    const { sha256: found } = await digestFile(path);
    return [{ ...base, found, state: known.some(({ sha256 }) => sha256 === found) ? 'unchanged' : 'changed' }];
  } catch (error) {
    const code = describeCode(error);
    return [{ ...base, found: code, state: code === 'ENOENT' ? 'missing' : 'unreadable' }];
  }
}
