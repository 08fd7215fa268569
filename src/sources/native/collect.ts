import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RecoveryError } from '../../core/errors.ts';
import type { Evidence, PrerequisiteFacts } from '../../core/evidence/schema.ts';
import { findMissingCommand } from '../../platform/find-missing-command.ts';
import { findOrphans } from '../../platform/find-orphans.ts';
import { readSpecFacts, unitOf } from '../../runner/kinds/registry.ts';
import type { JobStore } from '../../store/contract.ts';
import type { FileMark, JobRecord } from '../../store/records.ts';
import { translateJobRef } from './translate.ts';

/** How often, and after how long, a job is looked at again that somebody is just taking over, or letting go. */
const TAKEOVER_LOOKS = 50;
const TAKEOVER_LOOK_MS = 10;

/**
 * Reads everything about one job of Salvor's own; changes nothing.
 *
 * Records and proof of life cannot be read in one instant: whoever takes the job over may hold it a moment before it is
 * recorded, and whoever ends may have let go since the records were read. Such a look is repeated, so that what is said
 * of the holder is true of one moment.
 *
 * Errors: JOB_UNKNOWN, STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 * Source: design, rules 1 and 2.
 */
export async function collectEvidence(store: JobStore, jobId: string): Promise<Evidence> {
  for (let looksLeft = TAKEOVER_LOOKS; ; looksLeft -= 1) {
    const evidence = await collectOnce(store, jobId);
    if (looksLeft === 0 || !(isBeingTaken(evidence) || isBeingLetGo(evidence))) return evidence;
    await delay(TAKEOVER_LOOK_MS);
  }
}

/** The lock is held, and not by the process that is recorded. */
function isBeingTaken({ liveness }: Evidence): boolean {
  return liveness?.lock === 'held' && (liveness.process === 'gone' || liveness.process === 'other');
}

/** Nothing is recorded of its end, and its process lives, yet the lock is free. */
function isBeingLetGo({ lease, liveness }: Evidence): boolean {
  return lease?.releasedAtMs === undefined && liveness?.lock === 'free' && liveness.process === 'same';
}

async function collectOnce(store: JobStore, jobId: string): Promise<Evidence> {
  const seen = await store.look(jobId);
  if (!seen) {
    const { place } = store;
    throw new RecoveryError('JOB_UNKNOWN', `${place} has no job ${jobId}`, { details: { job: jobId, path: place } });
  }
  const { job, rowsFiles, runner, liveness, epoch, runTokens, units, audit, regression, seenAtMs } = seen;
  const spec = readSpecFacts(job);
  const runnerLives = runner !== undefined && !runner.fenced && liveness?.lock === 'held';
  const orphanTokens = runnerLives ? runTokens.filter((token) => token !== runner.runToken) : runTokens;
  const lastError = units.lastFailing?.error ?? job.error;
  return {
    job: translateJobRef(job, store),
    recorded: {
      status: job.status,
      runCount: job.runCount,
      epoch,
      lastEventAtMs: job.activeAtMs,
      ...(job.startedAtMs !== undefined && { startedAtMs: job.startedAtMs }),
      ...(job.endedAtMs !== undefined && { endedAtMs: job.endedAtMs }),
      ...(lastError && { lastError }),
    },
    ...(runner && { lease: runner }),
    ...(liveness && { liveness }),
    orphans: findOrphans(orphanTokens),
    units: {
      unit: unitOf(job),
      ...units,
      canVerify: spec.canVerify,
      ...(spec.receiptLabel !== undefined && { receiptLabel: spec.receiptLabel }),
    },
    prerequisites: [...inspectDirectory(job), ...(await inspectRowsFile(job, rowsFiles))],
    audit,
    ...(regression && { regression }),
    collectedAtMs: seenAtMs,
  };
}

/** Commands run in the directory of the job file; an ended job runs none. */
function inspectDirectory(record: JobRecord): readonly PrerequisiteFacts[] {
  const { directory: path, commands } = readSpecFacts(record);
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
async function inspectRowsFile(record: JobRecord, known: readonly FileMark[]): Promise<readonly PrerequisiteFacts[]> {
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
