/** What Salvor knows of the trainer that it started last, in a file of Salvor's own beside Tau's. */
import { lstatSync } from 'node:fs';
import type { TrainerEnd } from '../../core/families/training-control/schema.ts';
import { readInteger } from '../../platform/exact-json/exact-json.ts';
import type { FileOperations } from '../../platform/files/file-operations.ts';
import { replaceFileBytes } from '../../platform/files/replace-file.ts';
import { readBootId, readPidNamespace, readProcessStat } from '../../platform/process-probe.ts';
import { formatRecord } from './format-record.ts';
import type { AuditLog } from './read-audit.ts';
import { type JsonFile, readJsonFile } from './read-json-file.ts';
import { TRAINER_RECORD } from './schema.ts';
import { pickValue, readText, readTime } from './translate.ts';

/** A process by what no other one has on this boot. Units: clock ticks since boot. */
export type RecordedProcess = { readonly pid: number; readonly pidStartTicks: number };

/** A trainer that was started here, on this boot, as its record has it. `isEnded`: its end is recorded as well. */
export type RecordedTrainer = RecordedProcess & { readonly watcher?: RecordedProcess; readonly isEnded: boolean };

/** A trainer that was just started. `atMs` epoch milliseconds. */
export type TrainerStart = { readonly actionId: string; readonly pid: number; readonly atMs: number };

/** Where it is recorded. */
export type TrainerRecordPlace = { readonly operations: FileOperations; readonly path: string };

/** The record of one trainer under way: its start is written by now. */
export type TrainerRecord = { readonly writeEnd: (end: TrainerEnd) => Promise<void> };

/**
 * Writes which process a trainer is, and that this one will record how it ends.
 *
 * Errors: the system's.
 * Source: design, rule 2: what Salvor saw is evidence, and a status that nobody wrote is none.
 */
export async function writeTrainerStart(
  { operations, path }: TrainerRecordPlace,
  { actionId, pid, atMs }: TrainerStart,
): Promise<TrainerRecord> {
  const start = {
    schema_version: 1,
    action_id: actionId,
    pid,
    pid_start_ticks: readProcessStat(pid)?.startTicks ?? null,
    watcher_pid: process.pid,
    watcher_start_ticks: readProcessStat(process.pid)?.startTicks ?? null,
    boot_id: readBootId() ?? null,
    pid_namespace: readPidNamespace() ?? null,
    started_unix_ms: atMs,
  };
  const record = { ...start, ended_unix_ms: null, stop_requested: false };
  await replaceFileBytes(path, formatRecord(record, 2), { operations });
  return {
    writeEnd: (end) => {
      const ended = {
        ended_unix_ms: end.atMs,
        exit_code: end.exitCode ?? null,
        signal: end.signal ?? null,
        stop_requested: end.isStopped,
      };
      return replaceFileBytes(path, formatRecord({ ...start, ...ended }, 2), { operations });
    },
  };
}

/**
 * Reads which trainer was started last; undefined when none was, or where its process cannot be told from others: on
 * another boot, or in another container.
 *
 * Errors: none; a record that is torn counts as none.
 */
export async function readTrainer(path: string): Promise<RecordedTrainer | undefined> {
  const record = pickValue(await readJsonFile(path, TRAINER_RECORD));
  const bootId = readBootId();
  if (!record || bootId === undefined || record['boot_id'] !== bootId) return undefined;
  if (record['pid_namespace'] !== readPidNamespace()) return undefined;
  const trainer = readProcess(record, 'pid', 'pid_start_ticks');
  const watcher = readProcess(record, 'watcher_pid', 'watcher_start_ticks');
  if (!trainer) return undefined;
  return { ...trainer, ...(watcher && { watcher }), isEnded: readTime(record['ended_unix_ms']) !== undefined };
}

/** Process 1 and 0 are nobody's trainer, and a record may have been written by anybody. */
function readProcess(
  record: Readonly<Record<string, unknown>>,
  pid: string,
  ticks: string,
): RecordedProcess | undefined {
  const [number, pidStartTicks] = [Number(readInteger(record[pid])), Number(readInteger(record[ticks]))];
  return number > 1 && pidStartTicks > 0 ? { pid: number, pidStartTicks } : undefined;
}

/**
 * Whether a record may be acted on: it is this user's own, and nobody else could have written it. Any other is evidence
 * that something lives, and never a reason to end a process.
 *
 * Errors: none.
 */
export function isOwnRecord(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
}

/**
 * Reads how the trainer of the run ended that the control state tells of; of any other run it says nothing. After a pause
 * that is the run that was paused, and only an end that came after the pause is told: the pause was agreed to knowing any
 * earlier one.
 *
 * Errors: none; a record that is torn counts as none.
 */
export async function readTrainerEnd(
  path: string,
  { state, audit }: { readonly state: JsonFile; readonly audit: AuditLog },
): Promise<TrainerEnd | undefined> {
  const record = pickValue(await readJsonFile(path, TRAINER_RECORD));
  const recorded = pickValue(state);
  const atMs = record && readTime(record['ended_unix_ms']);
  if (!record || !recorded || atMs === undefined || !isOfRun(record['action_id'], recorded, { audit, atMs })) {
    return undefined;
  }
  const exitCode = record['exit_code'];
  const signal = readText(record['signal']);
  return {
    atMs,
    ...(typeof exitCode === 'number' && { exitCode }),
    ...(signal !== undefined && { signal }),
    isStopped: record['stop_requested'] === true,
  };
}

function isOfRun(
  actionId: unknown,
  state: Readonly<Record<string, unknown>>,
  { audit, atMs }: { readonly audit: AuditLog; readonly atMs: number },
): boolean {
  if (state['last_action'] === 'resume') return actionId === state['salvor_action_id'];
  if (state['last_action'] !== 'pause') return false;
  const resumed = audit.rows.findLast(({ action }) => action === 'resume');
  return resumed?.actionId === actionId && atMs > (readTime(state['updated_unix_ms']) ?? 0);
}
