import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LostState } from '../../core/families/training-control/schema.ts';
import type { TauLayout } from './layout.ts';
import type { AuditLog } from './read-audit.ts';
import type { JsonFile } from './read-json-file.ts';
import { isRecording } from './translate.ts';

/**
 * Finds what is left of a control state that was set aside, when there is none now: the damaged one beside it, or a repair
 * as the last word of the audit log.
 *
 * Errors: none; a directory that cannot be listed shows nothing.
 * Source: docs/tau.md, repair.
 */
export function findLostState(
  layout: TauLayout,
  { state, audit: { rows } }: { readonly state: JsonFile; readonly audit: AuditLog },
): LostState | undefined {
  if (state.state !== 'missing') return undefined;
  const keptAs = findKept(layout);
  const last = rows.findLast(({ action, value }) => isRecording(action) || tookState(action, value));
  const repair = last && tookState(last.action, last.value) ? last : undefined;
  if (keptAs === undefined && !repair) return undefined;
  return { ...(keptAs !== undefined && { keptAs }), ...(repair?.atMs !== undefined && { atMs: repair.atMs }) };
}

function tookState(action: string, value: Readonly<Record<string, unknown>>): boolean {
  return action === 'repair' && value['lifecycle_state'] === 'missing';
}

/** The newest: the time is in the name. */
function findKept({ directory, state }: TauLayout): string | undefined {
  const stem = `${basename(state)}.damaged-`;
  try {
    const kept = readdirSync(directory).filter((name) => name.startsWith(stem));
    const newest = kept.sort().at(-1);
    return newest === undefined ? undefined : join(directory, newest);
  } catch {
    return undefined;
  }
}
