import { existsSync } from 'node:fs';
import type { Evidence, FileFacts } from '../../core/evidence/schema.ts';
import { describeTrainerEnd } from '../../core/families/training-control/describe-trainer-end.ts';
import type { ControlFacts, TrainerEnd } from '../../core/families/training-control/schema.ts';
import type { JobError, JobRef } from '../../core/job/schema.ts';
import type { Answers } from '../../core/plan/schema.ts';
import { findChoice } from './find-choice.ts';
import { findLostState } from './find-lost-state.ts';
import { type FoundStatus, findStatus } from './find-status.ts';
import { findTrainers } from './find-trainers.ts';
import type { TauLayout } from './layout.ts';
import { type AuditLog, readAuditLog } from './read-audit.ts';
import { readGenerations } from './read-generations.ts';
import { type JsonFile, readJsonFile } from './read-json-file.ts';
import { CONTROL_STATE, RECOVERY_REPORT } from './schema.ts';
import { readTrainerEnd } from './trainer-record.ts';
import {
  findOvertaking,
  findUnfinished,
  pickValue,
  readText,
  readTime,
  translateFile,
  translateStatus,
} from './translate.ts';

/** What is asked of a directory besides looking: that it is made when it is not there. */
export type TauRequest = { readonly create?: boolean };

/** One state directory. `runToken` is in the environment of every trainer that Salvor starts here. */
export type TauDirectory = {
  readonly job: JobRef;
  readonly layout: TauLayout;
  readonly runToken: string;
};

/** Evidence, with the files it was made of. */
export type TauLook = {
  readonly evidence: Evidence;
  readonly state: JsonFile;
  readonly status: FoundStatus;
  readonly report: JsonFile;
  readonly audit: AuditLog;
};

/**
 * Reads everything about a Tau state directory, and the checkpoint that was answered when one was; changes nothing.
 *
 * Errors: none; what is wrong is part of the evidence.
 * Source: formats/tau 2 and 3; design, rules 1 and 2.
 */
export async function lookAtTau(
  directory: TauDirectory,
  nowMs: number,
  { checkpoint: named }: Answers = {},
): Promise<TauLook> {
  const { layout, job, runToken } = directory;
  const state = await readJsonFile(layout.state, CONTROL_STATE);
  const status = await findStatus(layout, pickValue(state));
  const report = await readJsonFile(layout.report, RECOVERY_REPORT);
  const audit = await readAuditLog(layout.audit);
  const choice = findChoice(pickValue(state), audit, layout.directory);
  const { checkpoints, restore } = await readGenerations(layout, {
    ...(choice && { choice }),
    ...(named !== undefined && { named }),
  });
  const runId = checkpoints.find(({ source, path }) => source === restore.source && path === restore.path)?.runId;
  // Before the record of its end: a trainer that is not seen here has ended, and what is recorded is its last word.
  const orphans = await findTrainers({ runToken, recordPath: layout.trainer });
  const trainerEnd = await readTrainerEnd(layout.trainer, { state, audit });
  const control: ControlFacts = {
    ...translateControl({ directory, state, status, audit, ...(runId !== undefined && { runId }) }),
    restore,
    ...(trainerEnd && { trainerEnd }),
  };
  const unfinished = findUnfinished(pickValue(state), pickValue(report), {
    audit,
    primarySha256: checkpoints[0]?.sha256,
  });
  const lost = findLostState(layout, { state, audit });
  const overtaken = findOvertaking(pickValue(state), audit);
  const lastEventAtMs = Math.max(
    control.updatedAtMs ?? 0,
    audit.rows.at(-1)?.atMs ?? 0,
    control.status?.updatedAtMs ?? 0,
    trainerEnd?.atMs ?? 0,
  );
  const lastError = describeFailedTrainer(trainerEnd);
  const { badLine } = audit;
  const evidence: Evidence = {
    job,
    recorded: {
      status: control.lifecycle,
      runCount: audit.rows.filter(({ action }) => action === 'resume').length,
      epoch: 0,
      ...(lastEventAtMs > 0 && { lastEventAtMs }),
      ...(lastError && { lastError }),
    },
    orphans,
    prerequisites: [],
    audit: {
      form: 'log',
      entryCount: audit.rows.length,
      actions: audit.rows.map(({ action }) => action),
      ...(badLine && { broken: { sequence: badLine.line, expected: badLine.expected, found: badLine.found } }),
    },
    checkpoints,
    files: listFiles(layout, { state, status, report, audit }),
    own: {
      ...control,
      ...(unfinished && { unfinished }),
      ...(overtaken && { overtaken }),
      ...(lost && { lost }),
    } satisfies ControlFacts,
    collectedAtMs: nowMs,
  };
  return { evidence, state, status, report, audit };
}

/** A trainer that failed by itself is the job's last error. */
function describeFailedTrainer(end: TrainerEnd | undefined): JobError | undefined {
  if (!end || end.isStopped || end.exitCode === 0) return undefined;
  return { code: 'RUN_FAILED', message: `the trainer ${describeTrainerEnd(end)}` };
}

/** More odd rows than this are not told one by one. */
const ODD_ROWS = 20;

type Read = Pick<TauLook, 'state' | 'status' | 'report' | 'audit'>;

function translateControl(
  read: Pick<TauLook, 'state' | 'status' | 'audit'> & { readonly directory: TauDirectory; readonly runId?: string },
): Omit<ControlFacts, 'restore'> {
  const { directory, audit } = read;
  const state = pickValue(read.state);
  const status = pickValue(read.status.file);
  const updatedAtMs = readTime(state?.['updated_unix_ms']);
  const lastAction = readText(state?.['last_action']);
  const principal = readText(state?.['principal']);
  const rollbackCheckpoint = readText(state?.['rollback_checkpoint']);
  const runId = readText(state?.['run_id']) ?? read.runId;
  const oddRows = audit.rows
    .flatMap(({ line, action, oddity }) => (oddity === undefined ? [] : [{ line, action, detail: oddity }]))
    .slice(0, ODD_ROWS);
  const known = {
    path: read.status.path,
    ...(updatedAtMs !== undefined && { stateUpdatedAtMs: updatedAtMs }),
    ...(runId !== undefined && { runId }),
  };
  return {
    directory: directory.layout.directory,
    lifecycle: readText(state?.['lifecycle_state']) ?? (read.state.state === 'missing' ? 'missing' : 'unreadable'),
    ...(lastAction !== undefined && { lastAction }),
    ...(principal !== undefined && { principal }),
    ...(updatedAtMs !== undefined && { updatedAtMs }),
    ...(rollbackCheckpoint !== undefined && { rollbackCheckpoint }),
    ...(status && { status: translateStatus(status, known) }),
    ...(audit.tornLine && { tornLine: audit.tornLine }),
    ...(oddRows.length > 0 && { oddRows }),
  };
}

function listFiles(layout: TauLayout, read: Read): readonly FileFacts[] {
  return [
    translateFile('control_state', layout.state, read.state),
    translateFile('status', read.status.path, read.status.file),
    translateFile('audit_log', layout.audit, read.audit),
    translateFile('recovery_report', layout.report, read.report),
    { what: 'access_policy', path: layout.policy, state: existsSync(layout.policy) ? 'valid' : 'missing' },
  ];
}
