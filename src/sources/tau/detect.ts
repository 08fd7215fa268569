import { readFileSync, statSync } from 'node:fs';
import { tauLayout } from './layout.ts';

/** A control state is a page long; of anything larger the beginning tells. Unit: bytes. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * Whether a directory is a Tau state directory, by its content.
 *
 * Another `control-state.json` with a `mode`, which a gateway keeps, is not one. A control state that was cut short is
 * still one: what is wrong with it is told by looking at it.
 *
 * Errors: the system's, for a directory that may not be looked at.
 * Source: formats/tau 2 and 4.15.
 */
export function isTauDirectory(path: string): boolean {
  const layout = tauLayout(path);
  const state = readBeginning(layout.state);
  if (state !== undefined) return isTauState(state);
  if ([layout.audit, layout.primary, layout.fallback].some(isThere)) return true;
  return (
    /"run_state"/.test(readBeginning(layout.status) ?? '') ||
    /"replayed_actions"/.test(readBeginning(layout.report) ?? '')
  );
}

function isTauState(text: string): boolean {
  if (/"lifecycle_state"/.test(text)) return true;
  return !/"mode"/.test(text);
}

function readBeginning(path: string): string | undefined {
  const stats = look(path);
  if (stats === 'unreadable') return '';
  if (!stats?.isFile()) return undefined;
  try {
    return stats.size > LARGEST_BYTES ? '' : readFileSync(path, 'utf8');
  } catch {
    // It is there and may not be read: looking at it will say so.
    return '';
  }
}

function isThere(path: string): boolean {
  const stats = look(path);
  return stats === 'unreadable' || stats?.isFile() === true;
}

/** What is at a path; links that lead in a circle are there, and looking at the place says so. */
function look(path: string): ReturnType<typeof statSync> | 'unreadable' {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP') return 'unreadable';
    throw error;
  }
}
