import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { OperatorChoice } from '../../core/checkpoint/choose-restore.ts';
import type { AuditLog } from './read-audit.ts';
import { LATEST_MS } from './read-audit.ts';
import { readText, readTime } from './translate.ts';

/** How far above the state directory a relative path may begin: its project. */
const PARENTS = 4;

/** Names in the control state by which Salvor's later actions remember a choice that is in force. */
export const CHOICE_KEYS = {
  path: 'salvor_chosen_checkpoint',
  sha256: 'salvor_chosen_sha256',
  atMs: 'salvor_chosen_unix_ms',
} as const;

/**
 * Finds the checkpoint that the last rollback named: in the control state, or, after other actions, in the audit log.
 *
 * Shapes: a rollback of Salvor's carries the digest of its checkpoint, another program's its path alone. A rollback
 *         without a time holds until the next one.
 * Errors: none. Source: formats/tau 2.1, 2.2 and 4.8; decisions/0014.
 */
export function findChoice(
  state: Readonly<Record<string, unknown>> | undefined,
  audit: AuditLog,
  directory: string,
): OperatorChoice | undefined {
  const rows = audit.rows.map(({ value }) => value);
  const named = state && readChoice(state, directory, STATE_KEYS);
  if (named) {
    const id = readText(state['salvor_action_id']);
    return { ...named, isCarriedOut: id !== undefined && rows.some((row) => row['salvor_action_id'] === id) };
  }
  const row = rows.findLast((one) => one['action'] === 'rollback');
  const audited = row && readChoice(row, directory, ROW_KEYS);
  const remembered = state && readChoice(state, directory, CHOICE_KEYS);
  if (!audited || (remembered && remembered.atMs > audited.atMs)) return remembered;
  return { ...audited, isCarriedOut: readText(row['salvor_action_id']) !== undefined };
}

type Keys = Readonly<Record<'path' | 'sha256' | 'atMs', string>>;

const STATE_KEYS: Keys = { path: 'rollback_checkpoint', sha256: 'salvor_rollback_sha256', atMs: 'updated_unix_ms' };
const ROW_KEYS: Keys = { path: 'rollback_checkpoint', sha256: 'salvor_rollback_sha256', atMs: 'timestamp_unix_ms' };

function readChoice(
  value: Readonly<Record<string, unknown>>,
  directory: string,
  keys: Keys,
): OperatorChoice | undefined {
  const path = readText(value[keys.path]);
  if (path === undefined || path === '') return undefined;
  const sha256 = readText(value[keys.sha256]);
  return {
    path: resolvePath(path, directory),
    ...(sha256 !== undefined && { sha256 }),
    atMs: readTime(value[keys.atMs]) ?? LATEST_MS,
    isCarriedOut: false,
  };
}

/** A relative path began where the command that recorded it ran: the project above, as far as can be told. */
function resolvePath(path: string, directory: string): string {
  if (isAbsolute(path) || path.includes('\0')) return path;
  for (let base = directory, up = 0; up < PARENTS; base = dirname(base), up += 1) {
    if (existsSync(join(base, path))) return join(base, path);
  }
  return join(directory, path);
}
