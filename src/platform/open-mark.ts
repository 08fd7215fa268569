import { closeSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { formatMarkName } from './find-run-processes.ts';

/** A descriptor for a command to inherit, and so for all that it starts. */
export type Mark = { readonly descriptor: number; readonly close: () => void };

/**
 * Opens a file that is already gone again, named after the run and the unit. Whatever still holds it open is a process
 * of that run, whatever it did to its environment, its session and its parents.
 *
 * Errors: none; without a directory, or where no file can be made, there is no mark.
 * Source: decisions/0021.
 */
export function openMark(
  directory: string | undefined,
  of: { readonly runToken: string; readonly unitNumber?: number },
): Mark | undefined {
  if (directory === undefined) return undefined;
  const path = join(directory, formatMarkName(of.runToken, of.unitNumber));
  try {
    const descriptor = openSync(path, 'w', 0o600);
    unlinkSync(path);
    return { descriptor, close: () => closeSync(descriptor) };
  } catch {
    return undefined;
  }
}
