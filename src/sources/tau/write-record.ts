/** What an action leaves on disk: report, control state, audit row. All of it carries the action's id. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OperatorChoice } from '../../core/checkpoint/choose-restore.ts';
import { formatActionKey } from '../../core/families/training-control/rules.ts';
import type { ActingChoice } from '../../core/job/schema.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { appendFile } from '../../platform/files/append-file.ts';
import type { FileOperations } from '../../platform/files/file-operations.ts';
import { makeDirectoryItself } from '../../platform/files/make-directory.ts';
import { moveDurably, replaceFileBytes } from '../../platform/files/replace-file.ts';
import { CHOICE_KEYS } from './find-choice.ts';
import { formatRecord } from './format-record.ts';
import type { TauLayout } from './layout.ts';
import type { AuditLog } from './read-audit.ts';
import { readItself } from './read-itself.ts';
import type { JsonFile } from './read-json-file.ts';

const NEWLINE = Buffer.from('\n');

/** One action as it is recorded. `atMs` is the same in everything it writes. */
export type TauAction = {
  readonly choice: ActingChoice;
  readonly actionId: string;
  readonly atMs: number;
  readonly principal: string;
  readonly to: string;
  readonly idempotent: boolean;
  readonly rollbackCheckpoint?: string;
  readonly rollbackSha256?: string;
  /** The checkpoint of an earlier rollback that stays in force. */
  readonly chosen?: OperatorChoice;
  /** Set on rows of a resume that restored one. */
  readonly checkpointSource?: string;
};

/**
 * Writes a report: as the directory's newest, and under `reports/` by its id, where it stays. One that another program
 * wrote is kept there too before it is replaced.
 *
 * Errors: the system's. Source: contract, recovery-report.json; formats/tau 2.5.
 */
export async function writeTauReport(
  operations: FileOperations,
  layout: TauLayout,
  { report, before }: { readonly report: RecoveryReport; readonly before: JsonFile },
): Promise<void> {
  const bytes = formatRecord(report, 2);
  await makeDirectoryItself(operations, layout.reports);
  await keepForeignReport(operations, layout, before);
  const aside = nameUnusableReport(layout, before, report.recovered_at_unix_ms);
  if (aside !== undefined) await moveDurably(operations, layout.report, aside);
  // The newest first: a copy alone would tell of a recovery that was never recorded.
  await replaceFileBytes(layout.report, bytes, { operations });
  await replaceFileBytes(join(layout.reports, `${report.report_id}.json`), bytes, { operations });
}

/** Where a report that cannot be read is kept: under a name that nothing has. One that can be read has none. */
export function nameUnusableReport({ reports }: TauLayout, before: JsonFile, atMs: number): string | undefined {
  if (before.state !== 'invalid' && before.state !== 'unreadable') return undefined;
  return nameFree(join(reports, `unusable-${atMs}`), '.json');
}

/** The first name of a series that nothing has. */
export function nameFree(stem: string, ending: string): string {
  for (let count = 1; ; count += 1) {
    const path = `${stem}${count === 1 ? '' : `-${count}`}${ending}`;
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
  }
}

async function keepForeignReport(operations: FileOperations, layout: TauLayout, before: JsonFile): Promise<void> {
  if (before.state !== 'valid') return;
  const { report_id: id } = before.value;
  const isKept = typeof id === 'string' && readdirSync(layout.reports).includes(`${id}.json`);
  if (isKept) return;
  // Foreign text is no name: the time it was written is a number.
  const at = String(before.value['recovered_at_unix_ms']).replace(/[^0-9]/g, '');
  const path = join(layout.reports, `recovered-${at}.json`);
  const isThere = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (isThere && readItself(path).toString('utf8') === before.text) return;
  const kept = nameFree(join(layout.reports, `recovered-${at}`), '.json');
  await replaceFileBytes(kept, Buffer.from(before.text), { operations });
}

/** Makes the control state of an action. Source: formats/tau 2.1. */
export function makeControlState(action: TauAction): Readonly<Record<string, unknown>> {
  return {
    schema_version: 1,
    updated_unix_ms: action.atMs,
    lifecycle_state: action.to,
    last_action: action.choice,
    principal: action.principal,
    rollback_checkpoint: action.rollbackCheckpoint ?? null,
    salvor_action_id: action.actionId,
    ...(action.rollbackSha256 !== undefined && { salvor_rollback_sha256: action.rollbackSha256 }),
    ...(action.chosen && rememberChoice(action.chosen)),
  };
}

/** The format forgets a rollback with the next action; training has not saved anything newer yet. */
function rememberChoice({ path, sha256, atMs }: OperatorChoice): Readonly<Record<string, unknown>> {
  return {
    [CHOICE_KEYS.path]: path,
    ...(sha256 !== undefined && { [CHOICE_KEYS.sha256]: sha256 }),
    [CHOICE_KEYS.atMs]: atMs,
  };
}

/** Makes the audit row of an action. Source: formats/tau 2.2. */
export function makeAuditRow(action: TauAction): Readonly<Record<string, unknown>> {
  return {
    schema_version: 1,
    timestamp_unix_ms: action.atMs,
    principal: action.principal,
    action: action.choice,
    action_key: formatActionKey(action.choice),
    lifecycle_state: action.to,
    idempotent: action.idempotent,
    rollback_checkpoint: action.rollbackCheckpoint ?? null,
    recovery_checkpoint_source: action.checkpointSource ?? null,
    salvor_action_id: action.actionId,
    ...(action.rollbackSha256 !== undefined && { salvor_rollback_sha256: action.rollbackSha256 }),
  };
}

/**
 * Appends a row. After a last line that was cut short the log is replaced instead: whole lines, then the row, which
 * keeps the bytes that were there, so that nothing is lost and every reader goes on.
 *
 * Errors: the system's. Source: design, rule 9; formats/tau 4.12.
 */
export async function appendAuditRow(
  operations: FileOperations,
  path: string,
  { audit, row }: { readonly audit: AuditLog; readonly row: Readonly<Record<string, unknown>> },
): Promise<void> {
  if (!audit.tornLine) {
    const isOpen = existsSync(path) && endsOpen(path);
    const line = Buffer.concat([Buffer.from(isOpen ? '\n' : ''), formatRecord(row), NEWLINE]);
    await appendFile(operations, path, line);
    return;
  }
  const bytes = readItself(path);
  const { offset } = audit.tornLine;
  const kept = { ...row, ...keepTorn(bytes.subarray(offset)) };
  const whole = Buffer.concat([bytes.subarray(0, offset), formatRecord(kept), NEWLINE]);
  await replaceFileBytes(path, whole, { operations });
}

/** A last line that is whole may lack its newline. */
function endsOpen(path: string): boolean {
  const bytes = readItself(path);
  return bytes.length > 0 && bytes.at(-1) !== 0x0a;
}

function keepTorn(torn: Buffer): Readonly<Record<string, string>> {
  const text = torn.toString('utf8');
  const isText = Buffer.from(text).equals(torn);
  return isText ? { salvor_torn_line: text } : { salvor_torn_line_base64: torn.toString('base64') };
}
