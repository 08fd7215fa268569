/** From what was read of a Tau state directory to the words of the core. Pure. */

import type { FileFacts } from '../../core/evidence/schema.ts';
import type { OvertakingRow, TrainingStatus, UnfinishedAction } from '../../core/families/training-control/schema.ts';
import { readInteger } from '../../platform/exact-json/exact-json.ts';
import { type AuditLog, toTimeMs } from './read-audit.ts';
import type { JsonFile } from './read-json-file.ts';

/** A file as a fact. */
export function translateFile(
  what: FileFacts['what'],
  path: string,
  file: JsonFile | Pick<AuditLog, 'state' | 'problem'>,
): FileFacts {
  const problem = 'problem' in file ? file.problem : undefined;
  return { what, path, state: file.state, ...(problem && { problem }) };
}

/** The value of a file that is whole. */
export function pickValue(file: JsonFile): Readonly<Record<string, unknown>> | undefined {
  return file.state === 'valid' ? file.value : undefined;
}

/** A time of a file in epoch milliseconds. */
export function readTime(value: unknown): number | undefined {
  return toTimeMs(readInteger(value));
}

/** A text of a file. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * The recorded end of a run, and whether it is about another run: it is older than the control state, or it names a run
 * that is not the checkpoint's.
 *
 * Source: formats/tau 4.7.
 */
export function translateStatus(
  value: Readonly<Record<string, unknown>>,
  known: { readonly path: string; readonly stateUpdatedAtMs?: number; readonly runId?: string },
): TrainingStatus {
  const { path, stateUpdatedAtMs, runId } = known;
  const updatedAtMs = readTime(value['updated_unix_ms']) ?? 0;
  const named = readText(value['run_id']);
  const isOther = named !== undefined && runId !== undefined && named !== runId;
  const isOlder = stateUpdatedAtMs !== undefined && updatedAtMs < stateUpdatedAtMs;
  const stale = isOther ? ('other_run' as const) : isOlder ? ('older_than_state' as const) : undefined;
  return { runState: readText(value['run_state']) ?? '', updatedAtMs, path, ...(stale && { stale }) };
}

/** Actions that record a state; of any other row the control state has nothing. */
const RECORDING: ReadonlySet<string> = new Set(['pause', 'resume', 'cancel', 'rollback']);

/** Whether an action records a state. */
export function isRecording(action: string): boolean {
  return RECORDING.has(action);
}

const STOPPING: ReadonlySet<string> = new Set(['pause', 'cancel']);

/**
 * The last row of the audit log, when it is a pause or a cancel, and the control state is older and of another action: state
 * comes before row, so a state of yesterday was put back, and what somebody stopped looks as if it ran.
 *
 * Errors: none. Source: formats/tau 3 (order inside one command).
 */
export function findOvertaking(
  state: Readonly<Record<string, unknown>> | undefined,
  { rows }: AuditLog,
): OvertakingRow | undefined {
  const row = rows.findLast(({ action }) => RECORDING.has(action));
  const stateAtMs = readTime(state?.['updated_unix_ms']);
  if (row?.atMs === undefined || stateAtMs === undefined || row.atMs <= stateAtMs) return undefined;
  if (!STOPPING.has(row.action) || row.action === state?.['last_action']) return undefined;
  return { line: row.line, action: row.action, atMs: row.atMs };
}

/** What a crash between the writes of an action of Salvor's left undone; all of them carry the action's id. */
export function findUnfinished(
  state: Readonly<Record<string, unknown>> | undefined,
  report: Readonly<Record<string, unknown>> | undefined,
  { audit, primarySha256 }: { readonly audit: AuditLog; readonly primarySha256: string | undefined },
): UnfinishedAction | undefined {
  const done = new Set(audit.rows.flatMap(({ actionId }) => actionId ?? []));
  const stateId = readText(state?.['salvor_action_id']);
  const stateAtMs = readTime(state?.['updated_unix_ms']) ?? -1;
  if (stateId !== undefined && !done.has(stateId)) {
    const wanted = readText(state?.['salvor_rollback_sha256']);
    const missing =
      wanted !== undefined && wanted !== primarySha256
        ? (['restored_checkpoint', 'audit_row'] as const)
        : (['audit_row'] as const);
    return { action: readText(state?.['last_action']) ?? '', actionId: stateId, atMs: stateAtMs, missing };
  }
  const reportId = readText(report?.['report_id']);
  const reportAtMs = readTime(report?.['recovered_at_unix_ms']) ?? -1;
  const isOpen = reportId !== undefined && reportId !== stateId && !done.has(reportId) && reportAtMs > stateAtMs;
  if (!isOpen) return undefined;
  const action = readText(report?.['choice']) ?? '';
  return { action, actionId: reportId, atMs: reportAtMs, missing: ['control_state', 'audit_row'] };
}
