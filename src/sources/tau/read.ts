import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RestoreSource } from '../../core/checkpoint/choose-restore.ts';
import { needsOperator } from '../../core/diagnosis/attention.ts';
import { digestText } from '../../core/digest.ts';
import { RecoveryError } from '../../core/errors.ts';
import type { Evidence } from '../../core/evidence/schema.ts';
import { diagnose } from '../../core/families/diagnose.ts';
import { controlOf } from '../../core/families/training-control/control-of.ts';
import { assembleProgress, type JobRef, type JobSummary } from '../../core/job/schema.ts';
import type { AuditEntry, Clock, JobPlace } from '../../core/ports.ts';
import { watchDirectory } from '../../platform/watch-directory.ts';
import { pickPage } from '../pick-page.ts';
import { lookAtTau, type TauDirectory, type TauRequest } from './collect.ts';
import { resolveLinks } from './find-policy-paths.ts';
import { nameOf, tauLayout } from './layout.ts';
import { type AuditRow, readAuditLog } from './read-audit.ts';
import { readReports } from './read-report.ts';

/** How many characters of its path's digest name a directory. */
const ID_LENGTH = 10;
const TAIL_BYTES = 64 * 1024;
const NO_UNITS = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 } as const;

/**
 * Opens a Tau state directory: one directory, one job.
 *
 * Errors: TARGET_UNKNOWN when it is no directory.
 * Source: design, the house; formats/tau 2.
 */
export function openTauDirectory(path: string, request: TauRequest = {}): TauDirectory {
  const stats = statSync(path, { throwIfNoEntry: false });
  const isMade = stats === undefined && request.create === true;
  if (stats?.isDirectory() !== true && !isMade) {
    throw new RecoveryError('TARGET_UNKNOWN', `${path} is no directory`, { details: { target: path } });
  }
  const directory = resolveLinks(path);
  const digest = digestText(directory);
  const job: JobRef = {
    id: `t${digest.slice(0, ID_LENGTH)}`,
    name: nameOf(directory),
    kind: 'training',
    family: 'training-control',
    source: 'tau',
    directory,
  };
  return { job, layout: tauLayout(directory), runToken: `tau-${digest}` };
}

/** Where the output of trainers that Salvor starts is kept: never in Tau's own directory. */
export function trainerLogPath({ id }: JobRef): string {
  const state = process.env['XDG_STATE_HOME'];
  const base = state === undefined || state === '' ? join(homedir(), '.local', 'state') : state;
  return join(base, 'salvor-trainers', id, 'trainer.log');
}

/** A place that is one job. */
export type SolePlace = JobPlace & Required<Pick<JobPlace, 'sole'>>;

/** Reads a Tau state directory. Nothing here changes anything. Source: design, rule 1. */
export function makeTauPlace(path: string, clock: Clock, request: TauRequest = {}): SolePlace {
  const directory = openTauDirectory(path, request);
  const { job, layout } = directory;
  const check = (jobId: string): void => {
    if (jobId !== job.id) {
      throw new RecoveryError('JOB_UNKNOWN', `there is no job ${jobId} in ${layout.directory}`, {
        details: { job: jobId },
      });
    }
  };
  return {
    sole: async () => job,
    async list(query) {
      const { evidence } = await lookAtTau(directory, clock.nowMs());
      const summary = summarise(evidence);
      // Of a directory in which nothing was ever recorded nobody said that it runs, or died: it waits for no one.
      const isSilent =
        summary.attention === 'unknown' && query.scope === 'attention' && controlOf(evidence).lost === undefined;
      return pickPage(isSilent ? [] : [summary], query);
    },
    async collect(jobId, answers) {
      check(jobId);
      return (await lookAtTau(directory, clock.nowMs(), answers)).evidence;
    },
    async units(jobId) {
      check(jobId);
      return { units: [], total: 0 };
    },
    async namedUnits(jobId) {
      check(jobId);
      return [];
    },
    async audit(jobId) {
      check(jobId);
      return (await readAuditLog(layout.audit)).rows.map(translateRow);
    },
    logTail: async (jobId, lineCount) => (jobId === job.id ? readTail(trainerLogPath(job), lineCount) : []),
    async report(jobId) {
      check(jobId);
      return (await readReports(layout)).own;
    },
    async foreignReport(jobId) {
      check(jobId);
      return (await readReports(layout)).foreign;
    },
    watch: (onChange) => watchDirectory(layout.directory, (name) => WATCHED.test(name), onChange),
    find: async (reference) => (isMeant(job, reference) ? [job] : []),
  };
}

function isMeant({ id, name }: JobRef, reference: string): boolean {
  return reference === id || reference === name || (reference.length > 1 && id.startsWith(reference));
}

function summarise(evidence: Evidence): JobSummary {
  const { verdict, attention, recommended } = diagnose(evidence);
  const { recorded, job } = evidence;
  const interruptedAtMs = needsOperator(attention) ? recorded.lastEventAtMs : undefined;
  return {
    job,
    status: recorded.status,
    verdict,
    attention,
    ...(recorded.lastEventAtMs !== undefined && { sinceMs: recorded.lastEventAtMs }),
    progress: assembleProgress(NO_UNITS, 'step'),
    ...(verdict === 'unknown' && { mustBeNamed: true as const }),
    checkpoint: nameCheckpoint(controlOf(evidence).restore.source),
    ...(interruptedAtMs !== undefined && { interruptedAtMs }),
    ...(recommended && { recommended }),
    ...(recorded.lastError && { lastError: recorded.lastError }),
  };
}

/** What a resume makes the primary first counts as it. Source: contract, list --json. */
function nameCheckpoint(source: RestoreSource | undefined): 'primary' | 'fallback' | 'none' {
  if (source === undefined) return 'none';
  return source === 'fallback' ? 'fallback' : 'primary';
}

/** A row as an entry of an audit trail; there is no chain, so no hash. */
function translateRow({ line, action, atMs, value }: AuditRow): AuditEntry {
  const { principal, action: _action, timestamp_unix_ms: _at, ...details } = value;
  return {
    sequence: line,
    atMs: atMs ?? 0,
    principal: typeof principal === 'string' ? principal : '',
    action,
    outcome: 'done',
    details,
    hash: '',
  };
}

async function readTail(path: string, lineCount: number): Promise<readonly string[]> {
  const { open } = await import('node:fs/promises');
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    return lines
      .slice(start > 0 ? 1 : 0)
      .filter((line) => line !== '')
      .slice(-lineCount);
  } catch {
    return [];
  }
}

const WATCHED = /^(control-|salvor-trainer|status|policy-checkpoint|recovery-report)/;
